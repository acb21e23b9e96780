import { detailOf, isProblem, messageOf, sleep } from '../kernel';
import type { LaunchPlan } from '../runtime';
import type { ActingEffect, AgentCell } from './agent-cell';
import { LaunchBudget, type LaunchRank } from './launch-budget';
import { LaunchGuard, type GuardedOutcome } from './launch-guard';
import type { AgentState, Launch, LaunchFault, MachineEvent } from './machine';
import type { PlanFacts, SupervisionPorts } from './ports';

const SWEEPS_AT_ONCE = 2;
const SWEEP_PAUSE_MS = 50;

/** Carries out what transitions ask for; each outcome goes back into the mailbox of its agent. */
export class EffectRunner {
  private readonly budget: LaunchBudget;
  private readonly guard: LaunchGuard;
  /** Each looks through the whole process table: of hundreds at once, nothing else would have its turn. */
  private readonly sweeps = new LaunchBudget(SWEEPS_AT_ONCE);
  /** Of each agent, the end of all sweeps that were begun. */
  private readonly sweeping = new Map<string, Promise<void>>();
  /** Processes that are being ended already. */
  private readonly ending = new Set<string>();

  constructor(
    private readonly ports: SupervisionPorts,
    launchConcurrency: number,
    private readonly observe: (scan: boolean) => void,
  ) {
    this.budget = new LaunchBudget(launchConcurrency);
    this.guard = new LaunchGuard(ports.runtime);
  }

  run(cell: AgentCell, effect: ActingEffect): void {
    switch (effect.type) {
      case 'launch':
        this.budget.add(rankOf(effect.launch), () => this.launch(cell, effect));
        return;
      case 'kill':
        void this.kill(cell, effect);
        return;
      case 'end-process':
        void this.endProcess(cell, effect);
        return;
      case 'sweep':
        this.beginSweep(cell, effect.runId);
        return;
      case 'forget':
        void this.forget(cell, effect.pmId);
        return;
      case 'observe':
        this.observe(effect.scan);
        return;
    }
  }

  private async launch(cell: AgentCell, effect: Extract<ActingEffect, { type: 'launch' }>): Promise<void> {
    const { launch, lastRun } = effect;
    const { mustBeListed } = launch;
    const now = () => this.ports.clock.now();
    const isWanted = () => isStarting(cell, launch.runId);
    if (!isWanted()) {
      cell.post({ type: 'launch-failed', runId: launch.runId, fault: { kind: 'cancelled' } });
      return;
    }
    let outcome: GuardedOutcome;
    try {
      if (launch.afterSweeps) await this.sweepsOf(cell.agentId);
      const log = await this.ports.markLog(cell.agentId, launch.runId);
      const plan = await this.plan(cell, launch);
      outcome =
        'kind' in plan
          ? { kind: 'fault', fault: plan }
          : await this.guard.launch({ plan, lastRun, mustBeListed, isWanted, now, log });
    } catch (error) {
      // An adapter that throws leaves the outcome open: whether PM2 was asked is not known.
      this.ports.log.warn({ agentId: cell.agentId, error: messageOf(error) }, 'a launch ended in an error');
      outcome = { kind: 'unknown', listedUnder: null };
    }
    cell.post(eventOf(launch.runId, outcome));
  }

  private async plan(cell: AgentCell, launch: Launch): Promise<LaunchPlan | LaunchFault> {
    try {
      return await this.ports.planLaunch(cell.agentId, factsFor(launch, cell.situation().state));
    } catch (error) {
      const evidence = detailOf(error);
      if (isProblem(error, 'interpreter-not-found'))
        return { kind: 'refused', refusal: 'interpreter-missing', evidence };
      if (isProblem(error, 'entry-point-not-found'))
        return { kind: 'refused', refusal: 'entry-point-missing', evidence };
      if (isProblem(error, 'invalid-request')) return { kind: 'refused', refusal: 'configuration', evidence };
      return { kind: 'failed', evidence };
    }
  }

  private async kill(cell: AgentCell, effect: Extract<ActingEffect, { type: 'kill' }>): Promise<void> {
    const { runId, process, scope } = effect;
    const { killTimeoutMs } = this.ports.policyOf(cell.agentId);
    let gone = false;
    let pids: readonly number[] = process === null ? [] : [process.pid];
    try {
      const target = { agentId: cell.agentId, runId: scope === 'agent' ? null : runId, process };
      const outcome = await this.ports.runtime.terminate(target, killTimeoutMs);
      gone = outcome.kind === 'gone';
      if (outcome.kind === 'alive') pids = outcome.pids;
    } catch (error) {
      this.ports.log.warn({ agentId: cell.agentId, error: messageOf(error) }, 'a process could not be ended');
    }
    cell.post({ type: 'kill-ended', runId, scope, gone, pids });
  }

  private async endProcess(cell: AgentCell, effect: Extract<ActingEffect, { type: 'end-process' }>): Promise<void> {
    const { agentId } = cell;
    const { process, runId, why } = effect;
    const identity = `${process.pid}:${process.startTime ?? 0}`;
    // Each list shows it until it is gone.
    if (this.ending.has(identity)) return;
    this.ending.add(identity);
    this.ports.log.warn({ agentId, pid: process.pid, why }, 'ending a process that must not live');
    try {
      const outcome = await this.ports.runtime.endProcess(process, this.ports.policyOf(agentId).killTimeoutMs);
      if (outcome.kind === 'gone') cell.post({ type: 'reaped', pid: process.pid, runId, why });
    } catch (error) {
      this.ports.log.warn({ agentId, error: messageOf(error) }, 'a process could not be ended');
    } finally {
      this.ending.delete(identity);
    }
    this.observe(false);
  }

  private async forget(cell: AgentCell, pmId: number): Promise<void> {
    try {
      await this.ports.runtime.forget(pmId);
    } catch (error) {
      this.ports.log.warn({ agentId: cell.agentId, pmId, error: messageOf(error) }, 'a dead entry stays listed in PM2');
    }
  }

  private beginSweep(cell: AgentCell, runId: string): void {
    const { agentId } = cell;
    const done = new Promise<void>((resolve) => {
      this.sweeps.add('first-restart', () => this.sweep(cell, runId).finally(resolve));
    });
    const all = this.sweepsOf(agentId).then(() => done);
    this.sweeping.set(agentId, all);
    void all.then(() => {
      if (this.sweeping.get(agentId) === all) this.sweeping.delete(agentId);
    });
  }

  private sweepsOf(agentId: string): Promise<void> {
    return this.sweeping.get(agentId) ?? Promise.resolve();
  }

  private async sweep(cell: AgentCell, runId: string): Promise<void> {
    await sleep(this.ports.clock, SWEEP_PAUSE_MS);
    const { agentId } = cell;
    try {
      await this.ports.runtime.terminate({ agentId, runId, process: null }, this.ports.policyOf(agentId).killTimeoutMs);
    } catch (error) {
      this.ports.log.warn({ agentId, error: messageOf(error) }, 'what a dead run left behind could not be ended');
    }
  }
}

/** A stop may have overtaken the launch while it waited for its turn. */
function isStarting(cell: AgentCell, runId: string): boolean {
  const { phase } = cell.situation().state;
  return phase.kind === 'starting' && phase.launch.runId === runId;
}

function factsFor(launch: Launch, { restarts, lastRun }: AgentState): PlanFacts {
  return { launch, restarts, lastRunId: lastRun?.runId ?? null };
}

function rankOf(launch: Launch): LaunchRank {
  if (launch.by === 'operator' || launch.by === 'routing') return launch.by;
  if (launch.trial) return 'trial';
  return (launch.attempt ?? 1) <= 1 ? 'first-restart' : 'later-restart';
}

function eventOf(runId: string, outcome: GuardedOutcome): MachineEvent {
  switch (outcome.kind) {
    case 'launched':
      return { type: 'launch-succeeded', run: outcome.run };
    case 'fault':
      return { type: 'launch-failed', runId, fault: outcome.fault };
    case 'unknown':
      return { type: 'launch-unknown', runId, listedUnder: outcome.listedUnder };
    case 'blocked':
      return { type: 'launch-blocked', runId, observation: outcome.observation };
  }
}
