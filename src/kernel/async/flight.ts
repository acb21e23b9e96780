/**
 * Runs one call at a time. A call that arrives while one runs joins it: the new work is not started, and both callers
 * get the same outcome, also if it is an error.
 *
 * Use it where the outcome of a call that started earlier is good enough, as for a connection. Where it may be too old,
 * use {@link NextFlight}.
 *
 * Named after the package `singleflight` of Go.
 */
export class SingleFlight<T> {
  private running: Promise<T> | null = null;

  /** Starts the work at once, unless a call runs. A call made by a caller that resumes from a run starts another. */
  run(work: () => Promise<T>): Promise<T> {
    if (this.running !== null) return this.running;
    // The run is over before its callers resume, because this handler is registered first.
    const running = work().finally(() => {
      this.running = null;
    });
    this.running = running;
    return running;
  }
}

interface Waiting<Request, Outcome> {
  request: Request;
  readonly outcome: Promise<Outcome>;
}

/**
 * Runs one call at a time. A call that arrives while one runs gets the next run, and all calls that wait share it.
 *
 * The run that a caller gets starts after its call. It therefore includes everything that happened before the call,
 * which a run in progress may have missed. However many calls arrive, at most one run is in progress and one waits.
 *
 * A run starts in a microtask, never within the call: calls of the same tick share one run.
 */
export class NextFlight<Outcome, Request = void> {
  /** The run that has not started yet. */
  private waiting: Waiting<Request, Outcome> | null = null;
  /** Resolves once the last run is over. Never rejects. */
  private last: Promise<void> = Promise.resolve();
  private unsettledCount = 0;

  /**
   * @param work does one run. If it fails, the callers of that run get the error, and the next run starts
   * @param merge combines the requests of a shared run, in the order of the calls; by default the last one applies
   */
  constructor(
    private readonly work: (request: Request) => Promise<Outcome>,
    private readonly merge: (waiting: Request, added: Request) => Request = (_, added) => added,
  ) {}

  /** True while no run is in progress or waits. It is true again before the callers of the last run resume. */
  get isIdle(): boolean {
    return this.unsettledCount === 0;
  }

  /** Resolves to the outcome of a run that starts after this call; rejects if that run fails. */
  run(request: Request): Promise<Outcome> {
    if (this.waiting !== null) {
      this.waiting.request = this.merge(this.waiting.request, request);
      return this.waiting.outcome;
    }
    const waiting: Waiting<Request, Outcome> = { request, outcome: this.last.then(() => this.start(waiting)) };
    const onSettled = () => {
      this.unsettledCount -= 1;
    };
    this.waiting = waiting;
    this.unsettledCount += 1;
    this.last = waiting.outcome.then(onSettled, onSettled);
    return waiting.outcome;
  }

  /** Resolves once all runs that were requested before this call are over. Never rejects. */
  waitUntilIdle(): Promise<void> {
    return this.last;
  }

  private start({ request }: Waiting<Request, Outcome>): Promise<Outcome> {
    this.waiting = null;
    return this.work(request);
  }
}
