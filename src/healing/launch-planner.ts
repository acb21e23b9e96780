import { Inject, Injectable } from '@nestjs/common';
import { Problem } from '../kernel';
import { OwnAddress, SETTING_NAMES, SETTINGS, type ResolvedSettings } from '../config';
import { Heartbeats } from '../health';
import { AgentRegistry, type RegisteredAgent } from '../registry';
import {
  agentEnvironment,
  mintAgentToken,
  resolveCommand,
  SIGNING_KEY,
  type LaunchPlan,
  type ResolvedCommand,
} from '../runtime';
import { healingPolicy } from './healing-policy';
import type { PlanFacts } from './ports';

/** Makes a launch out of a definition: everything is checked and resolved here, before PM2 is asked. */
@Injectable()
export class LaunchPlanner {
  private readonly launched = new Map<string, { readonly runId: string; readonly agent: RegisteredAgent }>();

  constructor(
    private readonly registry: AgentRegistry,
    private readonly heartbeats: Heartbeats,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(SIGNING_KEY) private readonly key: Buffer,
    private readonly address: OwnAddress,
  ) {}

  /** Only the checks. @throws Problem entry-point-not-found, interpreter-not-found, invalid-request */
  check(agentId: string): ResolvedCommand {
    const { agentsDir, INTERPRETERS } = this.settings;
    const agent = this.registry.getAgent(agentId);
    requireValues(agent);
    return resolveCommand(agent, {
      agentsDir,
      interpreters: INTERPRETERS,
      path: process.env.PATH,
    });
  }

  /** @throws Problem entry-point-not-found, interpreter-not-found, invalid-request */
  plan(agentId: string, { launch, restarts, lastRunId }: PlanFacts): LaunchPlan {
    const agent = this.registry.getAgent(agentId);
    const command = this.check(agentId);
    const { runId } = launch;
    const run = {
      runId,
      token: mintAgentToken({ agentId, runId }, this.key),
      spawnerUrl: this.address.url(),
      restartCount: restarts + (launch.kind === 'restart' ? 1 : 0),
      restartReason: launch.kind === 'restart' ? launch.reason : '',
      lastTask: lastRunId === null ? null : this.heartbeats.lastTaskOf(agentId, lastRunId),
    };
    this.launched.set(agentId, { runId, agent });
    const { killTimeoutMs } = healingPolicy(this.settings, agent.policy);
    const env = agentEnvironment(agent, run, process.env, SETTING_NAMES);
    return { agentId, runId, ...command, env, killTimeoutMs };
  }

  /** The definition that the present run was launched with; null: launched before our own start. */
  launchedWith(agentId: string, runId: string): RegisteredAgent | null {
    const launched = this.launched.get(agentId);
    return launched?.runId === runId ? launched.agent : null;
  }

  forget(agentId: string): void {
    this.launched.delete(agentId);
  }
}

/** What was brought back from the mirror has names of variables without their values: those never leave their machine. */
function requireValues({ agentId, missingEnv }: RegisteredAgent): void {
  if (missingEnv.length === 0) return;
  throw new Problem(
    'invalid-request',
    `The values of ${missingEnv.join(', ')} are not on this machine. Set them by PATCH /api/agents/${agentId} with {"env": {"NAME": "value"}}, or remove a name with null.`,
    { errors: missingEnv.map((name) => ({ pointer: `/env/${name}`, detail: 'has no value on this machine' })) },
  );
}
