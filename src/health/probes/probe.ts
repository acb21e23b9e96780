import type { Clock } from '../../kernel';
import type { CheckResult } from '../check-result';

/** Describes one check to make. */
export interface ProbeTarget {
  readonly url: string;
  /** Agent that is expected to answer. The check fails if the answer names another agent. */
  readonly agentId: string;
  /** Limit for the whole check: name resolution, connection, redirects and body. */
  readonly timeoutMs: number;
  /** `healthHeaders` of the definition. They are secrets and are sent only to the host of the URL. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values that the agent may know. They are masked in what its answer says. Called only if it says something. */
  readonly secrets: () => readonly string[];
  /** True if the agent's heartbeat announced the URL. */
  readonly isAnnounced: boolean;
  /** Identifies the settings of the check; returned with a misconfigured result. */
  readonly setup: string;
}

/** Checks agents over one protocol. */
export interface Probe {
  /** Never rejects: every outcome becomes a result. */
  check(target: ProbeTarget): Promise<CheckResult>;
}

/** One row of the table of probe kinds. */
export interface ProbeKind {
  /** URL schemes that this kind probes, each with its colon. */
  readonly protocols: readonly string[];
  readonly make: (clock: Clock) => Probe;
}
