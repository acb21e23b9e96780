/** The closed set of causes that a diagnosis can name. */
export const FAILURE_CAUSES = [
  'killed-by-signal',
  'out-of-memory',
  'memory-limit',
  'missing-dependency',
  'port-in-use',
  'entry-point-missing',
  'interpreter-missing',
  'configuration',
  'credentials',
  'rate-limited',
  'network',
  'unhandled-exception',
  'clean-exit',
  'hung',
  'unhealthy-response',
  'stuck',
  'over-budget',
  'stale-heartbeat',
  'unknown',
  'none',
] as const;

export type FailureCause = (typeof FAILURE_CAUSES)[number];

/**
 * What a restart can do about a cause. `restart`: it may help. `wait`: the cause lies outside of the agent and goes away by
 * itself, so a long delay, and no failure counted. `person`: no restart can cure it.
 */
export type Remedy = 'restart' | 'wait' | 'person';

/** One fact that speaks for a cause, and where it was found. */
export interface Evidence {
  readonly source: 'exit' | 'stderr' | 'stdout' | 'launch' | 'check' | 'heartbeat' | 'memory' | 'system' | 'caller';
  /** One line: secrets masked, control characters stripped, at most 500 characters. */
  readonly detail: string;
}

/** Why an agent failed. */
export interface Diagnosis {
  readonly cause: FailureCause;
  /** One line for people: what happened. */
  readonly line: string;
  readonly remedy: Remedy;
  readonly evidence: readonly Evidence[];
  /** One sentence: what to do. */
  readonly advice: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly memoryBytes: number | null;
}

interface CauseFacts {
  readonly remedy: Remedy;
  readonly advice: string;
}

const CAUSES: Readonly<Record<FailureCause, CauseFacts>> = {
  'killed-by-signal': {
    remedy: 'restart',
    advice: 'Somebody or something sent it this signal; if it was not you, look at what else manages processes here.',
  },
  'out-of-memory': {
    remedy: 'restart',
    advice: 'It used up its memory; give it less to do at once, a larger limit, or the machine more memory.',
  },
  'memory-limit': {
    remedy: 'restart',
    advice: 'It grew beyond maxMemoryMb; look for a leak, or raise the limit.',
  },
  'missing-dependency': {
    remedy: 'person',
    advice: 'Install what is missing into the environment that the agent runs with, then spawn it.',
  },
  'port-in-use': {
    remedy: 'restart',
    advice: 'Another process listens on its port; end that one, or let the agent choose a free port and announce it.',
  },
  'entry-point-missing': {
    remedy: 'person',
    advice: 'Put the file in its place inside AGENTS_DIR, or correct entryPoint or cwd, then spawn it.',
  },
  'interpreter-missing': {
    remedy: 'person',
    advice: 'Install the interpreter, or name another one, then spawn it.',
  },
  configuration: {
    remedy: 'person',
    advice: 'Correct its configuration (env, args or its own files), then spawn it.',
  },
  credentials: {
    remedy: 'person',
    advice: 'Its key or token is missing or was refused: set a valid one in env or envFrom, then spawn it.',
  },
  'rate-limited': {
    remedy: 'wait',
    advice: 'A service that it uses asks it to slow down; it is started again after a long pause.',
  },
  network: {
    remedy: 'wait',
    advice: 'A service that it uses cannot be reached; it is started again after a long pause.',
  },
  'unhandled-exception': {
    remedy: 'restart',
    advice: 'Its code failed at the line that is shown; correct it if it happens again.',
  },
  'clean-exit': {
    remedy: 'restart',
    advice: 'It ended by itself; if that is how it finishes its work, set policy.restart to on-failure.',
  },
  hung: {
    remedy: 'restart',
    advice: 'It lives but does not answer; look for a blocking call or an endless loop.',
  },
  'unhealthy-response': {
    remedy: 'restart',
    advice: 'It answers its health check with an error; look at what it says there.',
  },
  stuck: {
    remedy: 'restart',
    advice: 'It says that it works, but makes no progress; look at the task that it works on.',
  },
  'over-budget': {
    remedy: 'person',
    advice: 'It used more tokens than its budget; find out why, then reset its circuit, which gives a new budget.',
  },
  'stale-heartbeat': {
    remedy: 'restart',
    advice: 'Its heartbeats stopped; look for a blocking call in its main loop.',
  },
  unknown: { remedy: 'restart', advice: 'Look at its log for what it did last.' },
  none: { remedy: 'restart', advice: 'Nothing is wrong.' },
};

/** A diagnosis of this cause, with the remedy and the advice that go with it. */
export function diagnosisOf(
  cause: FailureCause,
  line: string,
  facts: Partial<Pick<Diagnosis, 'evidence' | 'exitCode' | 'signal' | 'memoryBytes' | 'remedy' | 'advice'>> = {},
): Diagnosis {
  return { cause, line, ...CAUSES[cause], evidence: [], exitCode: null, signal: null, memoryBytes: null, ...facts };
}
