/** Facts about a candidate that a route remembers. */
export interface Sighting {
  readonly agentId: string;
  readonly status: string;
  readonly stopAskedAt: number;
}

/**
 * Remembers, for one route, what must not be started by it: an agent that was stopped while the route waited, and one
 * whose start failed. A stop always wins over the routes that were waiting when it came.
 */
export class RouteMemory {
  private readonly firstStops = new Map<string, number>();
  private readonly wanted = new Set<string>();
  private readonly failures = new Map<string, string>();
  /** Failure that any other start would meet too; null: none. */
  private commonFailure: string | null = null;

  /** Notes an agent at each look, and returns why this route must not start it; null: it may. */
  look({ agentId, status, stopAskedAt }: Sighting): string | null {
    const firstStop = this.firstStops.get(agentId) ?? stopAskedAt;
    this.firstStops.set(agentId, firstStop);
    if (status !== 'stopped') this.wanted.add(agentId);
    const failure = this.failures.get(agentId) ?? this.commonFailure;
    if (failure !== null) return `its start failed: ${failure}`;
    if (stopAskedAt > firstStop) return 'it was stopped while the task waited for an agent';
    // A deletion in a shell, or a clean exit under `on-failure`.
    const hasEnded = status === 'stopped' && this.wanted.has(agentId);
    return hasEnded ? 'it was stopped, or finished, while the task waited for an agent' : null;
  }

  /** Notes that a start succeeded. If the agent is stopped after that, the stop came while the route waited. */
  noteStarted(agentId: string): void {
    this.wanted.add(agentId);
  }

  /** @param isCommon true if the start of any agent would fail now: PM2 or the database does not answer */
  noteFailure(agentId: string, reason: string, isCommon: boolean): void {
    this.failures.set(agentId, reason);
    if (isCommon) this.commonFailure = reason;
  }
}
