import { sleep, type Clock } from '../kernel';
import type { ProcessFacts, ProcessInspector } from './process-inspector';
import type { ProcessIdentity, TerminateOutcome } from './process-runtime';
import { markOf, treeOf, type Mark } from './process-tree';

/** Says which marked processes are meant. */
type MeansMark = (mark: Mark) => boolean;

const POLL_MS = 15;
/** A look blocks everything else (macOS: tens of milliseconds): after it we pause for that many times as long. */
const PAUSE_PER_LOOK = 2;
/** Looking for the mark reads the environment of every process, so not at each poll. */
const SEARCH_EVERY_MS = 300;
/** After SIGKILL only the kernel can hold a process; that long it may. */
const GIVE_UP_MS = 5_000;

export interface TerminatorOptions {
  readonly clock: Clock;
  readonly inspector: ProcessInspector;
  readonly key: Buffer;
  /** Pids that are never signalled, whatever they look like: ourselves, PM2's daemon. */
  readonly spared: () => readonly number[];
  /** Sends a signal; a seam for macOS and for tests of refusals. */
  readonly send?: (pid: number, signal: NodeJS.Signals) => void;
}

/** Ends processes by signals of our own, by the process table alone: it works while PM2 hangs, too. */
export class Terminator {
  private readonly send: (pid: number, signal: NodeJS.Signals) => void;

  constructor(private readonly options: TerminatorOptions) {
    this.send = options.send ?? ((pid, signal) => process.kill(pid, signal));
  }

  /**
   * Ends a process with its descendants, and everything whose mark is `meant`: SIGTERM, SIGKILL after `killTimeoutMs`,
   * until nothing is left.
   *
   * @param meant null: only what descends from it or shares its session
   */
  async end(leader: ProcessIdentity | null, meant: MeansMark | null, killTimeoutMs: number): Promise<TerminateOutcome> {
    const { clock } = this.options;
    const began = clock.now();
    const known = new Map<number, ProcessFacts>();
    let searchAt = began;
    for (;;) {
      const now = clock.now();
      const search = now >= searchAt;
      if (search) searchAt = now + SEARCH_EVERY_MS;
      const living = this.look(leader, search ? meant : null, known);
      if (living.length === 0 && (search || meant === null)) return { kind: 'gone' };
      const kill = now - began >= killTimeoutMs;
      if (now - began >= killTimeoutMs + GIVE_UP_MS) return { kind: 'alive', pids: living.map(({ pid }) => pid) };
      for (const process of living) {
        const isNew = !known.has(process.pid);
        known.set(process.pid, process);
        if (kill) this.signal(process, 'SIGKILL');
        else if (isNew) this.ask(process);
      }
      // Nothing seems left: one more search proves it.
      if (living.length === 0) searchAt = now;
      else await sleep(clock, Math.max(POLL_MS, PAUSE_PER_LOOK * (clock.now() - now)));
    }
  }

  /** What lives of it now: what was seen before, its tree, and where asked all that carries the run's mark. */
  private look(
    leader: ProcessIdentity | null,
    meant: MeansMark | null,
    known: ReadonlyMap<number, ProcessFacts>,
  ): ProcessFacts[] {
    const { inspector, key } = this.options;
    const all = inspector.all();
    const roots: ProcessIdentity[] = [...known.values()];
    // Of a leader that had ended before, only its mark is proof of what it left behind.
    if (leader !== null && all.some((process) => isSame(process, leader))) roots.push(leader);
    if (meant !== null) {
      roots.push(
        ...all.filter(({ pid }) => {
          const mark = markOf(pid, inspector, key);
          return mark !== null && meant(mark);
        }),
      );
    }
    const spared = this.options.spared();
    return treeOf(roots, all, [1, ...spared]);
  }

  /** SIGTERM; and SIGCONT, for a stopped process cannot act on it. */
  private ask(target: ProcessFacts): void {
    this.signal(target, 'SIGTERM');
    this.signal(target, 'SIGCONT');
  }

  /** Only if it is still this very process: a pid may have been given to another meanwhile. */
  private signal(target: ProcessFacts, signal: NodeJS.Signals): void {
    try {
      if (this.options.inspector.isAlive(target)) this.send(target.pid, signal);
    } catch {
      // It ended in between, is not ours to signal, or nobody can say which it is: the next look tells.
    }
  }
}

function isSame(one: ProcessIdentity, other: ProcessIdentity): boolean {
  return one.pid === other.pid && one.startTime === other.startTime;
}
