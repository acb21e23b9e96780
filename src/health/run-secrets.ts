import { Inject, Injectable } from '@nestjs/common';
import { secretsOfHeaders, type AgentDefinition } from '../kernel';
import { AgentDefinitions } from '../registry';
import { mintAgentToken, secretsOf, SIGNING_KEY } from '../processes/read-only';

/** Launches kept per agent: more than can pass while a run still exits or awaits its diagnosis. */
const LAUNCHES_KEPT = 8;

type Holder = Pick<AgentDefinition, 'env' | 'envFrom' | 'healthHeaders'>;

/**
 * Knows the values that must be masked in what an agent says. A process keeps the environment that it was launched with,
 * although its definition may change meanwhile, so the values of recent launches are kept. They are kept in memory only:
 * a value that was replaced before the supervisor restarted is unknown, and is not masked in what an older run says.
 */
@Injectable()
export class RunSecrets {
  private readonly launched = new Map<string, readonly (readonly string[])[]>();

  constructor(
    @Inject(AgentDefinitions) private readonly registry: { findAgent(agentId: string): Holder | null },
    @Inject(SIGNING_KEY) private readonly key: Buffer,
  ) {}

  /** Keeps the values of an agent. Call it before each launch, and when the supervisor starts. */
  keep(agentId: string): void {
    const values = [...new Set(this.present(agentId))];
    const kept = this.launched.get(agentId) ?? [];
    this.launched.set(agentId, [...kept, values].slice(-LAUNCHES_KEPT));
  }

  /**
   * Returns the values of the definition and of recent launches, and the token of the run.
   *
   * @param runId null: unknown
   */
  of(agentId: string, runId: string | null): string[] {
    const token = runId === null ? [] : [mintAgentToken({ agentId, runId }, this.key)];
    return [...new Set([...this.present(agentId), ...(this.launched.get(agentId) ?? []).flat(), ...token])];
  }

  /** Drops the values of an unregistered agent. */
  forget(agentId: string): void {
    this.launched.delete(agentId);
  }

  private present(agentId: string): string[] {
    const agent = this.registry.findAgent(agentId);
    return agent === null ? [] : [...secretsOf(agent, process.env), ...secretsOfHeaders(agent.healthHeaders)];
  }
}
