import type { FakeProcess } from '../../support/fake-process';
import type { SimulationContext } from '../simulation-context';

/** Time for which a frozen daemon may hold back a launch that was under way when the hold began. */
const UNDER_WAY_MS = 20_000;
/** An order that was refused or not answered may still be carried out within this time. */
const UNSETTLED_MS = 60_000;
/** A hold that is about to end is not checked any more. */
const MARGIN_MS = 1_000;

/** Reason why healing must not start an agent. */
export type HoldKind = 'paused' | 'halted by hand';

interface Hold {
  /** On the clock of the world. A service that was frozen or replaced ends the hold at this time or later. */
  readonly until: number;
  /** Active time from which no earlier launch can be under way. */
  readonly from: number;
  /** Process that healing must not kill; null: healing may have decided to kill it before. */
  spared: FakeProcess | null;
}

type Context = Pick<SimulationContext, 'world' | 'clock' | 'activeTime' | 'referee'>;

/** Checks that healing leaves an agent alone while an operator has paused it, or opened its circuit by hand. */
export class HealingHolds {
  private readonly holds: Readonly<Record<HoldKind, Map<string, Hold>>> = {
    paused: new Map(),
    'halted by hand': new Map(),
  };
  /**
   * By agent, the active time until which an earlier order may be carried out. Infinity: an order still waits for its
   * answer.
   */
  private readonly unsettledUntil = new Map<string, number>();

  constructor(private readonly context: Context) {}

  /** Returns the time of the world's clock after `forMs`. */
  after(forMs: number): number {
    return this.context.clock.now() + forMs;
  }

  /** Begins a hold once its command was answered. @param until end of the hold on the clock of the world */
  begin(kind: HoldKind, agentId: string, until: number): void {
    // An order that waits for its answer may start the agent and close its circuit.
    if (kind === 'halted by hand' && this.unsettledUntil.get(agentId) === Infinity) return;
    const { activeTime, referee } = this.context;
    const leader = this.findOnlyListed(agentId);
    // While the leader lives, no launch is under way.
    const from = leader === null ? activeTime.now() + UNDER_WAY_MS : activeTime.now();
    const spared = leader !== null && !referee.isUnwell(leader) ? leader : null;
    this.holds[kind].set(agentId, { until: until - MARGIN_MS, from, spared });
  }

  end(kind: HoldKind, agentId: string): void {
    this.holds[kind].delete(agentId);
  }

  /** Called when an operator acts on the agent. The agent may then start or be killed, and its circuit may close. */
  onAct(agentId: string): void {
    this.unsettledUntil.set(agentId, Infinity);
    this.end('halted by hand', agentId);
    const pause = this.holds.paused.get(agentId);
    if (pause !== undefined) pause.spared = null;
  }

  /** Called when no act on the agent waits for an answer any more. @param isSure true: the last one was carried out */
  onSettled(agentId: string, isSure: boolean): void {
    const forMs = isSure ? UNDER_WAY_MS : UNSETTLED_MS;
    this.unsettledUntil.set(agentId, this.context.activeTime.now() + forMs);
  }

  onBirth({ agentId, startedBy }: FakeProcess): void {
    // An operator's start in a shell is the trial of an open circuit.
    if (startedBy === 'operator') this.end('halted by hand', agentId);
    if (startedBy === 'operator' || this.isUnsettled(agentId)) return;
    const { clock, activeTime, referee } = this.context;
    for (const kind of ['paused', 'halted by hand'] as const) {
      const hold = this.holds[kind].get(agentId);
      if (hold === undefined || clock.now() >= hold.until || activeTime.now() < hold.from) continue;
      referee.report(agentId, `was started although ${kind}`);
    }
  }

  /** Called when the service kills a process. */
  onKill(process: FakeProcess): void {
    const { agentId } = process;
    const pause = this.holds.paused.get(agentId);
    if (pause?.spared !== process || this.context.clock.now() >= pause.until || this.isUnsettled(agentId)) return;
    if (this.findOnlyListed(agentId) !== process) return;
    this.context.referee.report(agentId, `pid ${process.pid} was killed although paused`);
  }

  /** Returns true while an act on the agent may still be carried out, or was carried out a moment ago. */
  isUnsettled(agentId: string): boolean {
    return this.context.activeTime.now() < (this.unsettledUntil.get(agentId) ?? -Infinity);
  }

  private findOnlyListed(agentId: string): FakeProcess | null {
    const { world } = this.context;
    const [leader, ...others] = world.aliveOf(agentId);
    if (leader === undefined || others.length > 0) return null;
    return world.listed().some(({ process }) => process?.pid === leader.pid) ? leader : null;
  }
}
