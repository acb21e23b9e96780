import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, Problem, type AgentView, type Clock } from '../../kernel';
import { DeadlineTimer } from './deadline-timer';
import { ViewChanges } from './view-changes';
import { Wait } from './wait';
import { isMet, type WaitCondition } from './wait-condition';
import { WaitSubjects, type ViewedSubject } from './wait-subjects';

/** Longest wait, in seconds, that a caller outside this process may ask for. */
export const MAX_WAIT_SECONDS = 600;
/** Limit of waits at one time. Each caller may hold as many as its connections and its rate limit allow. */
const MAX_WAITS = 10_000;

export interface WaitOptions {
  /** Limit in milliseconds on `Clock.now()`, which does not advance during a suspend; 0 checks once. */
  readonly timeoutMs: number;
  /** Ends the wait when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Lets callers wait for a state of agents without polling. Waits are checked when an agent changes, at most once per
 * turn of the event loop, and always against the present state. All waits share one timer.
 */
@Injectable()
export class AgentWaits {
  private readonly waits = new Set<Wait>();
  private readonly byAgent = new Map<string, Set<Wait>>();
  private readonly deadlines: DeadlineTimer<Wait>;
  /** Subjects read during the checks that are in progress, so that one change costs one view; null: no checks are. */
  private subjectsRead: Map<string, ViewedSubject> | null = null;
  private unsubscribe: (() => void) | null = null;
  private hasEnded = false;

  constructor(
    private readonly changes: ViewChanges,
    @Inject(WaitSubjects) private readonly subjects: Pick<WaitSubjects, 'of'>,
    @Inject(CLOCK) clock: Pick<Clock, 'now' | 'after'>,
  ) {
    this.deadlines = new DeadlineTimer(clock, (due) => {
      this.shareSubjects(() => {
        for (const wait of due) wait.expire();
      });
    });
  }

  /** Number of callers that wait now. */
  get size(): number {
    return this.waits.size;
  }

  /**
   * Calls `settle` at once, and again after each change of one of these agents. Resolves with its first result that is
   * not null, or with null at the timeout. Rejects with what `settle` throws, and with the reason of the signal when it
   * aborts.
   *
   * @throws Problem `operation-in-progress` at shutdown, `too-many-requests` above 10,000 waits
   */
  until<T>(agentIds: readonly string[], settle: () => T | null, options: WaitOptions): Promise<T | null> {
    const { timeoutMs, signal } = options;
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      if (this.hasEnded) throw shuttingDown();
      const value = settle();
      if (value !== null || timeoutMs <= 0) {
        resolve(value);
        return;
      }
      if (this.waits.size >= MAX_WAITS) throw tooManyWaits();
      this.add(agentIds, settle, { resolve, reject }, options);
    });
  }

  /**
   * Waits until a condition of an agent holds. Returns its view at that time. A condition that cannot hold at present is
   * waited for until the timeout, because an operator may act meanwhile.
   *
   * @param options.timeoutSeconds 0 answers at once
   * @throws Problem `wait-timeout` with the view as member `agent`; `agent-not-found`, also if the agent is unregistered
   * meanwhile; `external-agent` for `stopped` of an external agent; and as {@link until}
   */
  async waitFor(
    agentId: string,
    condition: WaitCondition,
    { timeoutSeconds, signal }: { readonly timeoutSeconds: number; readonly signal?: AbortSignal },
  ): Promise<AgentView> {
    let subject = this.subjectOf(agentId);
    const settle = () => {
      subject = this.subjectOf(agentId);
      return isMet(condition, subject) ? subject.view : null;
    };
    const options = { timeoutMs: timeoutSeconds * 1_000, ...(signal === undefined ? {} : { signal }) };
    const view = await this.until([agentId], settle, options);
    if (view === null) throw waitTimeout(condition, timeoutSeconds, subject.view);
    return view;
  }

  /** Refuses every caller that waits, and every later one. Called at shutdown. */
  end(): void {
    this.hasEnded = true;
    for (const wait of [...this.waits]) wait.refuse(shuttingDown());
  }

  private add<T>(
    agentIds: readonly string[],
    settle: () => T | null,
    caller: { readonly resolve: (value: T | null) => void; readonly reject: (reason: unknown) => void },
    { timeoutMs, signal }: WaitOptions,
  ): void {
    const wait = new Wait<T>(settle, caller, () => {
      removeDeadline();
      signal?.removeEventListener('abort', onAbort);
      this.remove(agentIds, wait as Wait);
    });
    const onAbort = () => {
      wait.refuse(signal?.reason);
    };
    const removeDeadline = this.deadlines.add(timeoutMs, wait as Wait);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.waits.add(wait as Wait);
    for (const agentId of agentIds)
      this.byAgent.set(agentId, (this.byAgent.get(agentId) ?? new Set()).add(wait as Wait));
    this.unsubscribe ??= this.changes.subscribe((agents) => {
      this.onChanged(agents);
    });
  }

  private remove(agentIds: readonly string[], wait: Wait): void {
    this.waits.delete(wait);
    for (const agentId of agentIds) {
      const ofAgent = this.byAgent.get(agentId);
      ofAgent?.delete(wait);
      if (ofAgent?.size === 0) this.byAgent.delete(agentId);
    }
    if (this.waits.size > 0) return;
    this.unsubscribe?.();
    this.unsubscribe = null;
  }

  private onChanged(agentIds: ReadonlySet<string>): void {
    const concerned = new Set<Wait>();
    for (const agentId of agentIds) for (const wait of this.byAgent.get(agentId) ?? []) concerned.add(wait);
    this.shareSubjects(() => {
      for (const wait of concerned) wait.check();
    });
  }

  /** Runs checks that follow each other without a pause. They share what they read. */
  private shareSubjects(checks: () => void): void {
    this.subjectsRead = new Map();
    try {
      checks();
    } finally {
      this.subjectsRead = null;
    }
  }

  private subjectOf(agentId: string): ViewedSubject {
    const subject = this.subjectsRead?.get(agentId) ?? this.subjects.of(agentId);
    this.subjectsRead?.set(agentId, subject);
    return subject;
  }
}

function waitTimeout(condition: WaitCondition, timeoutSeconds: number, agent: AgentView): Problem {
  const { agentId, status, desiredState } = agent;
  const detail = `${agentId} was not ${condition} within ${timeoutSeconds} s; its status is ${status}, desired ${desiredState}. Wait again, or call GET /api/agents/${agentId}/diagnosis.`;
  return new Problem('wait-timeout', detail, { members: { agent } });
}

function shuttingDown(): Problem {
  return new Problem('operation-in-progress', 'agent-spawner is shutting down. Wait again once it runs again.');
}

function tooManyWaits(): Problem {
  return new Problem('too-many-requests', `More than ${MAX_WAITS} callers wait already. Try again later.`, {
    retryAfterSeconds: 5,
  });
}
