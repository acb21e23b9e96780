import type { ProcessIdentity, ProcessManager, TerminateOutcome, TerminateTarget } from '../../processes';

/** One attempt to kill processes of an agent, for all its callers. */
interface Kill {
  readonly target: TerminateTarget;
  readonly killTimeoutMs: number;
  readonly outcome: Promise<TerminateOutcome>;
  readonly settle: (outcome: Promise<TerminateOutcome>) => void;
}

/**
 * Runs at most one kill per agent and time limit at a time. A request that a running or waiting kill covers shares its
 * outcome. A wider request absorbs the waiting ones that it covers. A kill with a longer limit covers none with a
 * shorter one: both run, and the terminator sends each process only one SIGTERM.
 */
export class KillQueue {
  private readonly running = new Map<string, readonly Kill[]>();
  private readonly waiting = new Map<string, readonly Kill[]>();

  constructor(private readonly runtime: Pick<ProcessManager, 'terminate'>) {}

  /** Kills what `target` covers; rejects only as {@link ProcessManager.terminate} does. */
  end(target: TerminateTarget, killTimeoutMs: number): Promise<TerminateOutcome> {
    const { agentId } = target;
    const waiting = this.waiting.get(agentId) ?? [];
    const kill = makeKill(target, killTimeoutMs);
    const shared = [...(this.running.get(agentId) ?? []), ...waiting].find((other) => covers(other, kill));
    if (shared !== undefined) return shared.outcome;
    for (const narrower of waiting) if (covers(kill, narrower)) narrower.settle(kill.outcome);
    set(this.waiting, agentId, [...waiting.filter((other) => !covers(kill, other)), kill]);
    this.next(agentId, killTimeoutMs);
    return kill.outcome;
  }

  /** Begins the next kill with this limit, unless one runs. */
  private next(agentId: string, killTimeoutMs: number): void {
    const hasLimit = (kill: Kill) => kill.killTimeoutMs === killTimeoutMs;
    const running = this.running.get(agentId) ?? [];
    const waiting = this.waiting.get(agentId) ?? [];
    const kill = waiting.find(hasLimit);
    if (kill === undefined || running.some(hasLimit)) return;
    set(
      this.waiting,
      agentId,
      waiting.filter((other) => other !== kill),
    );
    set(this.running, agentId, [...running, kill]);
    const outcome = this.runtime.terminate(kill.target, killTimeoutMs);
    const next = () => {
      set(
        this.running,
        agentId,
        (this.running.get(agentId) ?? []).filter((other) => other !== kill),
      );
      this.next(agentId, killTimeoutMs);
    };
    // Advance before the callers see the outcome. Their next request must not share a kill that is over.
    outcome.then(next, next);
    kill.settle(outcome);
  }
}

/** Sets the kills of an agent. Keeps nothing of an agent that has none. */
function set(kills: Map<string, readonly Kill[]>, agentId: string, ofAgent: readonly Kill[]): void {
  if (ofAgent.length === 0) kills.delete(agentId);
  else kills.set(agentId, ofAgent);
}

function makeKill(target: TerminateTarget, killTimeoutMs: number): Kill {
  let settle: Kill['settle'] = () => undefined;
  const outcome = new Promise<TerminateOutcome>((resolve) => {
    settle = resolve;
  });
  return { target, killTimeoutMs, outcome, settle };
}

/** Returns true if `wide` kills everything that `narrow` would, and as soon. */
function covers(wide: Kill, narrow: Kill): boolean {
  if (wide.killTimeoutMs > narrow.killTimeoutMs) return false;
  const [target, asked] = [wide.target, narrow.target];
  const hasLeader = asked.process === null || isSame(target.process, asked.process);
  return hasLeader && (target.runId === null || target.runId === asked.runId);
}

function isSame(one: ProcessIdentity | null, other: ProcessIdentity): boolean {
  return one?.pid === other.pid && one.startTime === other.startTime;
}
