import { NextFlight, Problem, type Heartbeat } from '../../kernel';
import { isSameProcess, runIdOf } from '../watch-target';
import type { Announcement, HeartbeatStore, SavedHeartbeat } from './heartbeat-store';

/** A heartbeat and the process that sent it. */
export interface SentHeartbeat {
  readonly incarnation: string | null;
  readonly heartbeat: Heartbeat;
}

/**
 * Holds the claims of one agent, and persists them. A claim is what must survive a restart of the supervisor: the
 * announced addresses and the last task.
 */
export class AgentClaims {
  /** True after a failed save, or once the pid of the process became known: the row may differ from `row`. */
  private isUnsure = false;
  /** Heartbeats with claims that no save has included yet. */
  private readonly waiting: SentHeartbeat[] = [];
  /** Saves one at a time, so that an older save that fails late cannot undo a newer one. */
  private readonly saves = new NextFlight(() => this.saveWaiting());

  /**
   * @param row copy of the saved row; null if none was saved
   * @param isCurrent returns false once the agent was unregistered
   */
  constructor(
    private readonly agentId: string,
    private row: SavedHeartbeat | null,
    private readonly store: HeartbeatStore,
    private readonly isCurrent: () => boolean,
  ) {}

  /** Claims that are on disk. Claims that are not on disk are not used. */
  get saved(): SavedHeartbeat | null {
    return this.row;
  }

  /** Assigns the claims to their process once its pid is known, so that they end with the process, not with the run. */
  assignTo(incarnation: string | null): void {
    if (this.row === null || !isNamedNow(this.row, incarnation)) return;
    this.row = { ...this.row, incarnation };
    this.isUnsure = true;
  }

  /**
   * Resolves once the claims of the heartbeat are on disk.
   *
   * @throws Problem `database-unavailable`; `agent-not-found` if the agent was unregistered meanwhile
   */
  async save(sent: SentHeartbeat): Promise<void> {
    const { row, saves } = this;
    if (hasClaim(sent.heartbeat, row)) {
      const isSettled = saves.isIdle && !this.isUnsure;
      if (isSettled && row !== null && isSame(withClaims(row, sent), row)) return;
      this.waiting.push(sent);
      await saves.run();
    } else if (saves.isIdle && (this.isUnsure || row?.incarnation !== sent.incarnation)) {
      // This saves only which process sends heartbeats. The agent does not wait for it, and its next heartbeat retries
      // a failed save.
      this.waiting.push(sent);
      saves.run().catch(() => undefined);
    }
  }

  private async saveWaiting(): Promise<void> {
    const next = this.waiting.splice(0).reduce<SavedHeartbeat | null>(withClaims, this.row);
    if (next === null || (!this.isUnsure && this.row !== null && isSame(next, this.row))) return;
    this.isUnsure = true;
    if (!(await this.store.save(this.agentId, next, this.isCurrent)))
      throw new Problem('agent-not-found', `The agent ${this.agentId} was unregistered meanwhile.`);
    this.row = next;
    this.isUnsure = false;
  }
}

/** Returns true if what was reported without a pid belongs to the process whose incarnation is now complete. */
export function isNamedNow(reported: { readonly incarnation: string | null }, incarnation: string | null): boolean {
  return reported.incarnation !== incarnation && isSameProcess(reported.incarnation, incarnation);
}

/** Returns true if the heartbeat contains a claim. It must be on disk before the heartbeat is acknowledged. */
function hasClaim({ endpoint, healthUrl, task }: Heartbeat, row: SavedHeartbeat | null): boolean {
  const isGivingUp = task !== undefined && !isTask(task) && row !== null && row.lastTask !== null;
  return endpoint !== undefined || healthUrl !== undefined || isTask(task) || isGivingUp;
}

/** Returns true if a heartbeat names a task. Empty text names none. */
export function isTask(task: Heartbeat['task']): task is string {
  return task !== undefined && task !== null && task !== '';
}

/** Merges a heartbeat into the earlier claims: the announcement of the same process, and the task of any run. */
function withClaims(before: SavedHeartbeat | null, { incarnation, heartbeat }: SentHeartbeat): SavedHeartbeat {
  const own = before !== null && isSameProcess(before.incarnation, incarnation) ? before : null;
  const announced = mergeAnnouncement(own?.announced ?? null, heartbeat);
  return { incarnation, announced, ...mergeTask(before, incarnation, heartbeat.task) };
}

type LastTask = Pick<SavedHeartbeat, 'lastTask' | 'taskRunId'>;

/**
 * Merges the task of a heartbeat. A run that reports no task has not said that it gave up the one that it was handed: it
 * may crash before it can. A run that reports `null` has, unless it reported a task of its own before.
 */
function mergeTask(before: LastTask | null, incarnation: string | null, task: Heartbeat['task']): LastTask {
  const runId = incarnation === null ? null : runIdOf(incarnation);
  if (isTask(task)) return { lastTask: task, taskRunId: runId };
  const isGivenUp = task !== undefined && before?.taskRunId !== runId;
  if (before === null || isGivenUp) return { lastTask: null, taskRunId: null };
  return { lastTask: before.lastTask, taskRunId: before.taskRunId };
}

/** Merges an announcement. An omitted member is unchanged; null withdraws it. */
function mergeAnnouncement(before: Announcement | null, heartbeat: Heartbeat): Announcement | null {
  const endpoint = heartbeat.endpoint === undefined ? (before?.endpoint ?? null) : heartbeat.endpoint;
  const healthUrl = heartbeat.healthUrl === undefined ? (before?.healthUrl ?? null) : heartbeat.healthUrl;
  return endpoint === null && healthUrl === null ? null : { endpoint, healthUrl };
}

function isSame(left: SavedHeartbeat, right: SavedHeartbeat): boolean {
  return (
    left.incarnation === right.incarnation &&
    left.lastTask === right.lastTask &&
    left.taskRunId === right.taskRunId &&
    left.announced?.endpoint === right.announced?.endpoint &&
    left.announced?.healthUrl === right.announced?.healthUrl
  );
}
