/** Log that receives the start and the end of a failure: a stable phrase, and chosen fields. */
export interface FailureSink {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Logs a failure once when it starts and once when it is over, however often it occurs in between. */
export class FailureLog {
  private readonly open = new Set<string>();

  constructor(private readonly log: FailureSink) {}

  /**
   * Logs the start of a failure, unless it is open already.
   *
   * @param failure key of the failure, used by {@link reportRecovery} too
   */
  reportFailure(failure: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    if (this.open.has(failure)) return;
    this.open.add(failure);
    this.log.warn(fields, message);
  }

  /** Logs the end of a failure, if it was open. */
  reportRecovery(failure: string, fields: Readonly<Record<string, unknown>>, message: string): void {
    if (this.open.delete(failure)) this.log.info(fields, message);
  }
}
