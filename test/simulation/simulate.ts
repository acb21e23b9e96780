import { Deeds } from './deeds';
import { findFalseHalts } from './referee/halt-checks';
import { makeSystem, type SimulatedSystem } from './simulated-system';
import type { Variant } from './service/service-process';
import { hasLongOutage, hasOutage } from './simulation-context';

export type { Variant } from './service/service-process';

const STEPS = 45;
const LONGEST_PAUSE_MS = 6_000;
/** Longer than the longest back-off and cool-down to which this number of failures can lead. */
const QUIET_MS = 45 * 60_000;
/** Interval of the checks, in the quiet period, that every agent is at rest. */
const QUIET_STEP_MS = 60_000;
/**
 * Number of such intervals at rest that end the quiet period: longer than a process may be unhealthy without a verdict.
 */
const QUIET_STEPS = 3;
const POLL_MS = 500;

export interface Outcome {
  /** Broken promises. */
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/**
 * Plays one seed: faults and operators' commands, a quiet period without faults, in some seeds an outage of all agents,
 * then the final checks.
 */
export async function simulate(seed: number, variant: Partial<Variant> = {}): Promise<Outcome> {
  return new Simulation(makeSystem(seed, { relists: true, losesTime: true, ...variant })).play();
}

class Simulation {
  private readonly deeds: Deeds;

  constructor(private readonly system: SimulatedSystem) {
    this.deeds = new Deeds(system);
  }

  async play(): Promise<Outcome> {
    const { context, lifecycle } = this.system;
    const { clock, draw, random, referee, trace } = context;
    lifecycle.begin();
    await clock.advance(500);
    for (let step = 0; step < STEPS; step += 1) {
      this.deeds.act();
      await clock.advance(draw(LONGEST_PAUSE_MS) * (random() < 0.5 ? 0.02 : 1));
      this.look();
      if (referee.violations.length > 0) break;
    }
    await this.endFaults();
    await this.settle();
    await this.registerAll();
    await this.playOutages();
    this.judge();
    return { violations: referee.violations, trace };
  }

  /** Ends all faults, and lets the service run. */
  private async endFaults(): Promise<void> {
    const { context, lifecycle, signals, launches, strays, fatalCauses, database, freezes } = this.system;
    context.say('-- quiet');
    lifecycle.beginQuiet();
    signals.isLossy = false;
    launches.end();
    strays.end();
    fatalCauses.end();
    database.end();
    freezes.thaw();
    context.world.freezeDaemon(false);
    while (lifecycle.isShuttingDown) await context.clock.advance(POLL_MS);
    lifecycle.ensureRunning();
  }

  /** Waits until every agent is at rest, and for some time after that. */
  private async settle(): Promise<void> {
    const { agents, clock } = this.system.context;
    for (let [steps, passedMs] = [0, 0]; steps < QUIET_STEPS && passedMs < QUIET_MS; passedMs += QUIET_STEP_MS) {
      await clock.advance(QUIET_STEP_MS);
      this.look();
      steps = agents.every((agentId) => this.isAtRest(agentId)) ? steps + 1 : 0;
    }
    this.look(0);
  }

  private isAtRest(agentId: string): boolean {
    const machineState = this.system.lifecycle.current.supervisor.machineState(agentId);
    if (machineState === null) return true;
    const { phase } = machineState.state;
    // An operator opened the circuit without a trial, so it stays open.
    if (phase.kind === 'down' && phase.why === 'halted' && machineState.circuit.dueAt === null) return true;
    return phase.kind === 'stopped' || (phase.kind === 'running' && phase.stable && machineState.desired === 'running');
  }

  /** Registers the agents that were unregistered. */
  private async registerAll(): Promise<void> {
    const { context, operators } = this.system;
    for (const agentId of context.agents) operators.register(agentId);
    await context.clock.advance(QUIET_STEP_MS);
  }

  private async playOutages(): Promise<void> {
    const { context, operators, illness } = this.system;
    const { seed, agents, referee } = context;
    if (!hasOutage(seed)) return;
    for (const agentId of agents) operators.start(agentId);
    for (const agentId of await illness.outage(agents))
      referee.report(agentId, 'was killed although all agents failed by one cause');
    if (!hasLongOutage(seed)) return;
    for (const agentId of await illness.longOutage(agents))
      referee.report(agentId, 'was killed although the restart of the canary did not help');
    await this.settle();
  }

  private judge(): void {
    const { context, disk, lifecycle } = this.system;
    const { agents, referee, say } = context;
    const { circuits, supervisor, journal } = lifecycle.current;
    this.look(0);
    for (const agentId of agents) {
      referee.judgeEnd(agentId, circuits.circuitOf(agentId).state === 'OPEN');
      const ownHistory = disk.history.filter((event) => event.agentId === agentId);
      for (const violation of findFalseHalts(ownHistory)) referee.report(agentId, violation);
      say(`${agentId} ${JSON.stringify(supervisor.machineState(agentId))}`);
    }
    referee.judgeHistory(disk.history, journal.recorded);
  }

  /** Looks for unanswered requests, and for processes of unregistered agents. @param limitMs time that they may live */
  private look(limitMs?: number): void {
    const { context, disk, lifecycle, requests } = this.system;
    const { registry } = lifecycle.current;
    requests.reportUnanswered(lifecycle.current);
    const isRegistered = (agentId: string) => registry.agents.has(agentId) || disk.definitions.has(agentId);
    context.referee.judgeUnregistered(isRegistered, limitMs);
  }
}
