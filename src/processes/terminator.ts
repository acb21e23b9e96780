import { sleep, type Clock } from '../kernel';
import type { TerminateOutcome } from './process-manager';
import type { ProcessFacts, ProcessIdentity, ProcessInspector } from './process-table/process-inspector';
import { markOf, treeOf, type Mark } from './process-table/process-tree';

/** Returns true if processes with this mark are to be terminated. */
type MatchesMark = (mark: Mark) => boolean;

const POLL_MS = 15;
/**
 * A scan of the process table blocks the event loop (macOS: tens of milliseconds). The pause after a scan is this many
 * times its duration.
 */
const PAUSE_PER_SCAN = 2;
/** Interval of the search for marks. It reads the environment of every process, so it does not run at each poll. */
const SEARCH_EVERY_MS = 300;
/** Time to wait after SIGKILL. Only the kernel can still hold a process then. */
const GIVE_UP_MS = 5_000;

export interface TerminatorOptions {
  readonly clock: Clock;
  readonly inspector: ProcessInspector;
  readonly key: Buffer;
  /** Pids that are never signalled: the supervisor and PM2's daemon. */
  readonly spared: () => readonly number[];
  /** Sends a signal. Replaced on macOS and in tests of refused signals. */
  readonly send?: (pid: number, signal: NodeJS.Signals) => void;
}

/** Terminates processes with signals, using the process table only. It works while PM2 hangs. */
export class Terminator {
  private readonly send: (pid: number, signal: NodeJS.Signals) => void;
  /** Time at which each process that may still be alive got SIGTERM. No attempt sends it a second one. */
  private readonly askedAt = new Map<string, number>();
  private attempts = 0;

  constructor(private readonly options: TerminatorOptions) {
    this.send = options.send ?? ((pid, signal) => process.kill(pid, signal));
  }

  /**
   * Terminates a process with its descendants, and every process whose mark `matches`: SIGTERM, then SIGKILL after
   * `killTimeoutMs`, until none is left. Settles at most `killTimeoutMs` + 5 s, plus one scan of the process table,
   * after the call.
   *
   * A process that got SIGTERM in an earlier attempt gets no second one. Its timeout runs from the first.
   *
   * @param matches null to terminate only the leader's descendants and session
   */
  async terminate(
    leader: ProcessIdentity | null,
    matches: MatchesMark | null,
    killTimeoutMs: number,
  ): Promise<TerminateOutcome> {
    if (this.attempts === 0) this.forgetDead();
    this.attempts += 1;
    try {
      return await this.attempt(leader, matches, killTimeoutMs);
    } finally {
      this.attempts -= 1;
    }
  }

  private async attempt(
    leader: ProcessIdentity | null,
    matches: MatchesMark | null,
    killTimeoutMs: number,
  ): Promise<TerminateOutcome> {
    const { clock } = this.options;
    const began = clock.now();
    const known = new Map<number, ProcessFacts>();
    const killAt = (process: ProcessFacts) =>
      Math.min(began, this.askedAt.get(keyOf(process)) ?? began) + killTimeoutMs;
    let searchAt = began;
    for (;;) {
      const now = clock.now();
      const isSearch = matches === null || now >= searchAt;
      if (isSearch) searchAt = now + SEARCH_EVERY_MS;
      const living = this.findLiving(leader, isSearch ? matches : null, known);
      for (const process of known.values()) if (!living.some((each) => isSame(each, process))) this.forget(process);
      if (living.length === 0) {
        if (isSearch) return { kind: 'gone' };
        // No process seems to be left. One more search must prove it.
        searchAt = now;
        continue;
      }
      const giveUpAt = Math.max(began, ...living.map(killAt)) + GIVE_UP_MS;
      if (now >= giveUpAt) return { kind: 'alive', pids: living.map(({ pid }) => pid) };
      for (const process of living) {
        known.set(process.pid, process);
        if (now >= killAt(process)) this.sendIfSame(process, 'SIGKILL');
        else if (!this.askedAt.has(keyOf(process))) this.sendSigterm(process);
      }
      await sleep(clock, Math.max(POLL_MS, PAUSE_PER_SCAN * (clock.now() - now)));
    }
  }

  /**
   * Returns the processes that are still alive: those seen before, the leader's tree, and, if requested, all with a
   * matching mark.
   */
  private findLiving(
    leader: ProcessIdentity | null,
    matches: MatchesMark | null,
    known: ReadonlyMap<number, ProcessFacts>,
  ): ProcessFacts[] {
    const { inspector, key } = this.options;
    const all = inspector.all();
    const roots: ProcessIdentity[] = [...known.values()];
    // If the leader was already dead, only a mark proves that a process belongs to it.
    if (leader !== null && all.some((process) => isSame(process, leader))) roots.push(leader);
    if (matches !== null) {
      roots.push(
        ...all.filter(({ pid }) => {
          const mark = markOf(pid, inspector, key);
          return mark !== null && matches(mark);
        }),
      );
    }
    const spared = this.options.spared();
    return treeOf(roots, all, [1, ...spared]);
  }

  /** Sends SIGTERM, and SIGCONT because a stopped process cannot act on SIGTERM. */
  private sendSigterm(target: ProcessFacts): void {
    this.askedAt.set(keyOf(target), this.options.clock.now());
    this.sendIfSame(target, 'SIGTERM');
    this.sendIfSame(target, 'SIGCONT');
  }

  private forget(target: ProcessFacts): void {
    this.askedAt.delete(keyOf(target));
  }

  /** Forgets processes that exited after an attempt had given up on them. */
  private forgetDead(): void {
    if (this.askedAt.size === 0) return;
    const living = new Set(this.options.inspector.all().map(keyOf));
    for (const key of this.askedAt.keys()) if (!living.has(key)) this.askedAt.delete(key);
  }

  /** Sends a signal only if the process is still the same, because its pid may have been reused. */
  private sendIfSame(target: ProcessFacts, signal: NodeJS.Signals): void {
    try {
      if (this.options.inspector.isAlive(target)) this.send(target.pid, signal);
    } catch {
      // The process exited, may not be signalled, or could not be verified. The next scan will show it.
    }
  }
}

/** Returns a string that identifies a process. */
function keyOf({ pid, startTime }: ProcessFacts): string {
  return `${pid}:${startTime}`;
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTime === other.startTime;
}
