import {
  detailOf,
  FailureLog,
  isProblem,
  maskedLine,
  messageOf,
  PriorityLimiter,
  secretsOfHeaders,
} from '../../kernel';
import { secretsOf, type EntryRef } from '../../processes';
import type { LogMark } from '../diagnosis';
import type { AgentActor } from './agent-actor';
import type { ActingEffect } from './decision';
import { LaunchGuard, type GuardedOutcome } from './launch-guard';
import { priorityOf } from './launch-priority';
import type { AgentState, Launch, LaunchFacts, LaunchFault, MachineEvent } from '../machine';
import { OverBudget, type PlanFacts, type PlannedLaunch, type SupervisionPorts } from './ports';
import { Reaper } from './reaper';
import type { UnregisteredProcesses } from './unregistered-processes';

/** Limit of {@link Evidence}, which is saved, mirrored and sent. */
const EVIDENCE_LENGTH = 500;

type Actor = Pick<AgentActor, 'agentId' | 'post' | 'machineState'>;

/** Effects carried out here. `AgentLifecycle` handles `unregister`. */
export type ExecutableEffect = Exclude<ActingEffect, { type: 'unregister' }>;

/** Carries out the effects of transitions. Each outcome returns to the mailbox of its agent. */
export class EffectExecutor {
  /** Limits the launches over all agents. */
  private readonly launches: PriorityLimiter;
  private readonly guard: LaunchGuard;
  private readonly reaper: Reaper;
  private readonly failures: FailureLog;
  constructor(
    private readonly ports: SupervisionPorts,
    launchConcurrency: number,
    private readonly observe: (scan: boolean) => void,
  ) {
    this.launches = new PriorityLimiter(launchConcurrency);
    this.guard = new LaunchGuard(ports.runtime);
    this.failures = new FailureLog(ports.log);
    this.reaper = new Reaper(ports, this.failures, observe);
  }

  execute(actor: Actor, effect: ExecutableEffect): void {
    switch (effect.type) {
      case 'launch':
        this.queueLaunch(actor, effect);
        return;
      case 'kill':
        void this.reaper.kill(actor, effect);
        return;
      case 'end-process':
        this.reaper.endProcess(actor, effect);
        return;
      case 'sweep':
        this.reaper.sweep(actor.agentId, effect.runId);
        return;
      case 'forget':
        void this.forget(effect.entry);
        return;
      case 'observe':
        this.observe(effect.scan);
        return;
    }
  }

  /** Kills processes that belong to no registered agent, and removes their dead entries from PM2's list. */
  reapUnregistered({ processes, entries }: UnregisteredProcesses): void {
    for (const { agentId, runId, process } of processes) {
      const noActor = { agentId, post: () => undefined };
      this.reaper.endProcess(noActor, { type: 'end-process', process, runId, why: 'orphan' });
    }
    for (const entry of entries) void this.forget(entry);
  }

  private queueLaunch(actor: Actor, effect: Extract<ActingEffect, { type: 'launch' }>): void {
    const queue = () => {
      void this.launches.run(priorityOf(effect.launch), () => this.launch(actor, effect));
    };
    // Queue it only after the sweeps, so that it takes no place in the queue while it waits.
    if (effect.launch.afterSweeps) void this.reaper.waitForSweeps(actor.agentId).then(queue);
    else queue();
  }

  private async launch(actor: Actor, effect: Extract<ActingEffect, { type: 'launch' }>): Promise<void> {
    const { agentId } = actor;
    const { launch, lastRun } = effect;
    const { mustBeListed } = launch;
    const now = () => this.ports.clock.now();
    const isWanted = () => isStarting(actor, launch.runId);
    if (!isWanted()) {
      actor.post({ type: 'launch-failed', runId: launch.runId, fault: { kind: 'cancelled' } });
      return;
    }
    let outcome: GuardedOutcome;
    let facts: LaunchFacts | null = null;
    let token: string | undefined;
    const shown = (text: string) => this.maskLaunch(agentId, token, text);
    try {
      const log = await this.ports.diagnosis.mark(agentId);
      const plan = await this.plan(actor, launch);
      if ('kind' in plan) outcome = { kind: 'fault', fault: plan };
      else {
        facts = launchFactsOf(plan, log);
        token = plan.env.AGENT_TOKEN;
        outcome = maskFault(await this.guard.launch({ plan, lastRun, mustBeListed, isWanted, now, facts }), shown);
      }
    } catch (error) {
      // If the adapter throws, PM2 may or may not have been called.
      this.failures.reportFailure(`launch ${agentId}`, { agentId, error: shown(messageOf(error)) }, 'launch failed');
      outcome = { kind: 'unknown', listedUnder: null };
    }
    if (outcome.kind === 'launched') this.failures.reportRecovery(`launch ${agentId}`, { agentId }, 'launch recovered');
    actor.post(eventOf(launch.runId, outcome, facts));
  }

  private async plan(actor: Actor, launch: Launch): Promise<PlannedLaunch | LaunchFault> {
    try {
      return await this.ports.planner.plan(actor.agentId, factsFor(launch, actor.machineState().state));
    } catch (error) {
      const evidence = detailOf(error);
      if (isProblem(error, 'interpreter-not-found'))
        return { kind: 'refused', refusal: 'interpreter-missing', evidence };
      if (isProblem(error, 'entry-point-not-found'))
        return { kind: 'refused', refusal: 'entry-point-missing', evidence };
      if (isProblem(error, 'invalid-request')) return { kind: 'refused', refusal: 'configuration', evidence };
      if (error instanceof OverBudget) return { kind: 'refused', refusal: 'over-budget', evidence };
      return { kind: 'failed', evidence };
    }
  }

  /**
   * Masks the agent's secrets in what is said about a launch: errors of Node quote arguments and variables.
   *
   * @param token token of the run; undefined: the launch was not planned
   */
  private maskLaunch(agentId: string, token: string | undefined, text: string): string {
    const agent = this.ports.definitions.findAgent(agentId);
    const secrets = agent === null ? [] : [...secretsOf(agent, process.env), ...secretsOfHeaders(agent.healthHeaders)];
    return maskedLine(text, token === undefined ? secrets : [...secrets, token], EVIDENCE_LENGTH);
  }

  private async forget(entry: EntryRef): Promise<void> {
    const failure = `forget ${entry.entryId} ${entry.uniqueId}`;
    const fields = { entryId: entry.entryId };
    try {
      await this.ports.runtime.deleteEntry(entry);
      this.failures.reportRecovery(failure, fields, 'dead PM2 entry removed after failures');
    } catch (error) {
      this.failures.reportFailure(failure, { ...fields, error: messageOf(error) }, 'dead PM2 entry not removed');
    }
  }
}

/** Returns true if the launch is still wanted: a stop may have superseded it while it was queued. */
function isStarting(actor: Actor, runId: string): boolean {
  const { phase } = actor.machineState().state;
  return phase.kind === 'starting' && phase.launch.runId === runId;
}

function factsFor(launch: Launch, { restarts, lastRun }: AgentState): PlanFacts {
  return { launch, restarts, lastRunId: lastRun?.runId ?? null };
}

function launchFactsOf(plan: PlannedLaunch, log: LogMark | null): LaunchFacts {
  const { program, folder, fingerprint, resumedTask } = plan;
  return { log, program: { program, folder }, fingerprint, ...(resumedTask === null ? {} : { resumedTask }) };
}

function eventOf(runId: string, outcome: GuardedOutcome, facts: LaunchFacts | null): MachineEvent {
  switch (outcome.kind) {
    case 'launched':
      return { type: 'launch-succeeded', run: outcome.run };
    case 'fault':
      return { type: 'launch-failed', runId, fault: outcome.fault };
    case 'unknown':
      return { type: 'launch-unknown', runId, listedUnder: outcome.listedUnder, facts };
    case 'blocked':
      return { type: 'launch-blocked', runId, observation: outcome.observation };
  }
}

function maskFault(outcome: GuardedOutcome, mask: (text: string) => string): GuardedOutcome {
  if (outcome.kind !== 'fault' || !('evidence' in outcome.fault)) return outcome;
  return { kind: 'fault', fault: { ...outcome.fault, evidence: mask(outcome.fault.evidence) } };
}
