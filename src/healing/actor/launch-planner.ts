import { Inject, Injectable } from '@nestjs/common';
import { maskedLine, Problem } from '../../kernel';
import { OwnAddress, SETTING_NAMES, SETTINGS, type ResolvedSettings } from '../../config';
import { describeOverBudget, Heartbeats, RunSecrets } from '../../health';
import { AgentDefinitions, launchFingerprint, type RegisteredAgent } from '../../registry';
import {
  buildAgentEnvironment,
  listPassable,
  mintAgentToken,
  resolveCommand,
  SIGNING_KEY,
  type ResolvedCommand,
} from '../../processes';
import { resolvePolicy } from '../policy';
import { isOfHealing, type Launch } from '../machine';
import { OverBudget, type PlanFacts, type PlannedLaunch } from './ports';

/** Limits of what an agent's text contributes, in UTF-16 units. */
const REASON_LENGTH = 500;
const TASK_LENGTH = 160;

/** Plans a launch from a definition. Checks and resolves everything before PM2 is called. */
@Injectable()
export class LaunchPlanner {
  constructor(
    private readonly definitions: AgentDefinitions,
    private readonly heartbeats: Heartbeats,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
    @Inject(SIGNING_KEY) private readonly key: Buffer,
    private readonly address: OwnAddress,
    private readonly secrets: RunSecrets,
  ) {}

  /** Runs the checks only. @throws Problem entry-point-not-found, interpreter-not-found, invalid-request */
  check(agentId: string): ResolvedCommand {
    const { agentsDir, INTERPRETERS } = this.settings;
    const agent = this.definitions.getAgent(agentId);
    requireValues(agent);
    return resolveCommand(agent, {
      agentsDir,
      interpreters: INTERPRETERS,
      path: process.env.PATH,
    });
  }

  /**
   * Returns the names of variables: those that the definition sets or passes on, and those of the supervisor that it may
   * pass on; null: the agent is unknown.
   */
  listVariables(agentId: string): { readonly agent: readonly string[]; readonly supervisor: readonly string[] } | null {
    const agent = this.definitions.findAgent(agentId);
    if (agent === null) return null;
    const { env, envFrom } = agent;
    return { agent: [...Object.keys(env), ...envFrom], supervisor: listPassable(process.env, SETTING_NAMES) };
  }

  /** @throws Problem entry-point-not-found, interpreter-not-found, invalid-request; OverBudget */
  plan(agentId: string, { launch, restarts, lastRunId }: PlanFacts): PlannedLaunch {
    const agent = this.definitions.getAgent(agentId);
    const command = this.check(agentId);
    if (isOfHealing(launch.by)) this.requireBudget(agentId);
    const { runId } = launch;
    const secrets = this.secrets.of(agentId, lastRunId);
    const task = this.heartbeats.unfinishedTaskOf(agentId);
    const run = {
      runId,
      token: mintAgentToken({ agentId, runId }, this.key),
      spawnerUrl: this.address.url(),
      restartCount: restarts + (launch.kind === 'restart' ? 1 : 0),
      restartReason: maskedLine(reasonFor(launch), secrets, REASON_LENGTH),
      lastTask: this.heartbeats.lastTaskOf(agentId),
    };
    const { killTimeoutMs } = resolvePolicy(this.settings, agent.policy);
    this.secrets.keep(agentId);
    return {
      ...{ agentId, runId, ...command, killTimeoutMs, fingerprint: launchFingerprint(agent) },
      env: buildAgentEnvironment(agent, run, process.env, SETTING_NAMES),
      resumedTask: task === null ? null : maskedLine(task, secrets, TASK_LENGTH),
    };
  }

  /**
   * Refuses a launch that would spend more than the budget. An agent that crashes before its first check is stopped
   * here, because no verdict sees it.
   */
  private requireBudget(agentId: string): void {
    const tokens = this.heartbeats.tokensOf(agentId);
    if (tokens !== null && tokens.used > tokens.budget) throw new OverBudget(describeOverBudget(tokens));
  }
}

/** Returns the value of AGENT_RESTART_REASON: why the run before failed, or else why it is restarted. */
function reasonFor({ failure, kind, reason }: Launch): string {
  if (failure !== undefined) return `${failure.cause}: ${failure.line}`;
  return kind === 'restart' ? reason : '';
}

/**
 * Refuses a definition that was restored from the mirror and lacks values of variables. Values never leave their
 * machine.
 */
function requireValues({ agentId, missingEnv }: RegisteredAgent): void {
  if (missingEnv.length === 0) return;
  throw new Problem(
    'invalid-request',
    `The values of ${missingEnv.join(', ')} are not on this machine. Set them by PATCH /api/agents/${agentId} with {"env": {"NAME": "value"}}, or remove a name with null.`,
    { errors: missingEnv.map((name) => ({ pointer: `/env/${name}`, detail: 'has no value on this machine' })) },
  );
}
