import type { Clock, DesiredState } from '../../src/kernel';
import type { FakeProcess, FakeWorld } from '../support/fake-world';

const SHELL_TAKES_MS = 500;
/** How long after an act in a shell its traces may still be lost by another fault. */
const SHELL_WINDOW_MS = 8_000;
/** From the list before a launch to the launch. */
const GAP_MS = 100;
/** A launch under way when an operator acted cannot know of it: the daemon may be frozen for so long. */
const EXCUSED_MS = 20_000;
/** An asked end may take this long to be carried out. */
const ASKED_MS = 60_000;

interface Intent {
  /** What a person may rightly find in the end; both, where nobody can know. */
  allowed: ReadonlySet<DesiredState>;
  by: 'api' | 'shell';
  since: number;
}

/** Watches the world, knows what people asked for, and says which promise was broken. It asks the product nothing. */
export class Referee {
  readonly violations: string[] = [];
  /** Whether a process hangs for ever: then its end is healing. */
  isUnwell: (process: FakeProcess) => boolean = () => false;
  private readonly intents = new Map<string, Intent>();
  private readonly endAsked = new Map<string, number>();

  constructor(
    private readonly world: FakeWorld,
    private readonly clock: Clock,
    agentIds: readonly string[],
  ) {
    for (const agentId of agentIds) this.intend(agentId, ['stopped'], 'api');
    world.onBirth = (process) => {
      this.born(process);
    };
  }

  intend(agentId: string, allowed: readonly DesiredState[], by: Intent['by']): void {
    this.intents.set(agentId, { allowed: new Set(allowed), by, since: this.clock.now() });
  }

  allowedOf(agentId: string): ReadonlySet<DesiredState> {
    return this.intents.get(agentId)?.allowed ?? new Set();
  }

  /** A stop or restart was asked for: an end of the process is what somebody wants. */
  askedToEnd(agentId: string): void {
    this.endAsked.set(agentId, this.clock.now());
  }

  /** Something is being done in a shell this very moment. */
  isBusyInShell(agentId: string): boolean {
    const intent = this.intents.get(agentId);
    return intent?.by === 'shell' && this.clock.now() - intent.since < SHELL_TAKES_MS;
  }

  /** What was done in a shell a moment ago may be unknown still: what is then left as it was, may be either. */
  isRecentInShell(agentId: string): boolean {
    const intent = this.intents.get(agentId);
    return intent?.by === 'shell' && this.clock.now() - intent.since < SHELL_WINDOW_MS;
  }

  /** Something broke: what was done in a shell just before may have left no trace. */
  traceMayBeLost(agentIds: readonly string[], since = this.clock.now() - SHELL_WINDOW_MS): void {
    for (const agentId of agentIds) {
      const intent = this.intents.get(agentId);
      if (intent?.by === 'shell' && intent.since > since) this.intend(agentId, ['running', 'stopped'], 'shell');
    }
  }

  private born(process: FakeProcess): void {
    const { agentId, startedBy } = process;
    if (startedBy === 'operator') return;
    const now = this.clock.now();
    for (const other of this.world.aliveOf(agentId)) {
      const excused = other.startedBy === 'operator' && now - other.startedAt < EXCUSED_MS;
      if (!excused) this.accuse(agentId, `two alive: ${process.runId} was started beside pid ${other.pid}`);
    }
    const intent = this.intents.get(agentId);
    if (intent?.allowed.has('running') === true || intent === undefined) return;
    // Between the list and the launch PM2 leaves a gap that nobody can close.
    if (intent.by === 'shell' && now - intent.since < GAP_MS) this.intend(agentId, ['running', 'stopped'], 'shell');
    else if (intent.by === 'api' || now - intent.since > EXCUSED_MS)
      this.accuse(agentId, `against the operator: started though stopped by ${intent.by}`);
  }

  /** The product ends a process: somebody asked for it, or it must not live. */
  ended(process: FakeProcess): void {
    const { agentId, pid } = process;
    const asked = this.clock.now() - (this.endAsked.get(agentId) ?? -Infinity) < ASKED_MS;
    const alone = this.world.aliveOf(agentId).length === 1;
    const listed = this.world.listed().some((entry) => entry.process?.pid === pid);
    const wanted = !this.allowedOf(agentId).has('stopped');
    if (!asked && alone && listed && wanted && !this.isUnwell(process))
      this.accuse(agentId, `needless end of pid ${pid}`);
  }

  /** After a long quiet: what should run runs once and is listed, what should not does not. */
  judge(agentId: string, isHalted: boolean): void {
    const alive = this.world.aliveOf(agentId);
    const allowed = this.allowedOf(agentId);
    if (alive.length > 1) this.accuse(agentId, `${alive.length} alive in the end`);
    if (alive.length === 1 && !allowed.has('running')) this.accuse(agentId, 'runs in the end though it was stopped');
    if (alive.length === 0 && !allowed.has('stopped') && !isHalted)
      this.accuse(agentId, 'lost: does not run in the end though it should');
    if (alive.some((process) => this.isUnwell(process))) this.accuse(agentId, 'hangs in the end, and was not replaced');
    const listed = this.world.listed().filter((entry) => entry.agentId === agentId && entry.process !== null);
    if (alive.length === 1 && listed.length !== 1) this.accuse(agentId, 'lives in the end, but is not listed');
  }

  /** What was told is in the history, and what is there is there once. */
  judgeHistory(history: readonly object[], told: readonly object[]): void {
    const saved = new Set(history);
    if (saved.size < history.length) this.accuse('history', `${history.length - saved.size} events twice`);
    const missing = told.filter((event) => !saved.has(event));
    if (missing.length > 0) this.accuse('history', `lost: ${JSON.stringify(missing)}`);
  }

  private accuse(agentId: string, what: string): void {
    this.violations.push(`${agentId}: ${what}`);
  }
}
