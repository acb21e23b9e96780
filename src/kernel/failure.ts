/** Closed set of causes that a diagnosis can name. */
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
 * Effect that a restart can have on a cause.
 * - `restart`: a restart may help.
 * - `wait`: the cause lies outside the agent and passes without intervention. The delay is long, and no failure is
 *   counted.
 * - `person`: no restart can cure it. The operator must act. The value is saved with incidents, so it keeps this name.
 */
export type Remedy = 'restart' | 'wait' | 'person';

/** One fact that supports a cause, and its source. */
export interface Evidence {
  readonly source: 'exit' | 'stderr' | 'stdout' | 'launch' | 'check' | 'heartbeat' | 'memory' | 'system' | 'caller';
  /** One line: secrets masked, control characters stripped, at most 500 characters. */
  readonly detail: string;
}

/**
 * Strength of the evidence for a cause.
 * - `certain`: the evidence allows no other cause.
 * - `likely`: the evidence fits this cause, but may come from something else.
 */
export type Certainty = 'certain' | 'likely';

export interface Diagnosis {
  readonly cause: FailureCause;
  /** One line for the operator: what happened. */
  readonly line: string;
  readonly remedy: Remedy;
  readonly certainty: Certainty;
  /** Name of the rule that matched the program's output; null: the cause comes from no rule. */
  readonly rule: string | null;
  /**
   * Lines of the program's output that the cause was read from: at most 20, of at most 300 characters each, secrets
   * masked, control characters stripped. Empty: the cause was not read from output.
   */
  readonly block: readonly string[];
  readonly evidence: readonly Evidence[];
  /** For the operator: what to do. */
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
    advice:
      'Another process or a user sent this signal. If it was not you, find out what else manages processes on this machine.',
  },
  'out-of-memory': {
    remedy: 'restart',
    advice: 'It ran out of memory. Give it less work at once, raise its limit, or add memory to the machine.',
  },
  'memory-limit': {
    remedy: 'restart',
    advice: 'It exceeded maxMemoryMb. Look for a memory leak, or raise the limit.',
  },
  'missing-dependency': {
    remedy: 'person',
    advice: 'Install the missing dependency into the environment of the agent, then spawn it.',
  },
  'port-in-use': {
    remedy: 'restart',
    advice:
      'Another process listens on its port. Stop that process, or let the agent choose a free port and announce it.',
  },
  'entry-point-missing': {
    remedy: 'person',
    advice: 'Put the file inside AGENTS_DIR, or correct entryPoint or cwd. Then spawn the agent.',
  },
  'interpreter-missing': {
    remedy: 'person',
    advice: 'Install the interpreter, or set another one. Then spawn the agent.',
  },
  configuration: {
    remedy: 'person',
    advice: 'Correct its configuration (env, args or its own files). Then spawn the agent.',
  },
  credentials: {
    remedy: 'person',
    advice: 'Its key or token is missing or was rejected. Set a valid one in env or envFrom, then spawn the agent.',
  },
  'rate-limited': {
    remedy: 'wait',
    advice: 'A service that it uses limits its requests. The supervisor restarts it after a long delay.',
  },
  network: {
    remedy: 'wait',
    advice: 'A service that it uses is unreachable. The supervisor restarts it after a long delay.',
  },
  'unhandled-exception': {
    remedy: 'restart',
    advice: 'Its code failed at the line that is shown. Correct the code if this happens again.',
  },
  'clean-exit': {
    remedy: 'restart',
    advice:
      'It exited by itself. If that is how it finishes its work, set policy.restart to on-failure. If it daemonizes, run it in the foreground: the supervisor kills the descendants of an exited run.',
  },
  hung: {
    remedy: 'restart',
    advice: 'It is alive but does not answer. Look for a blocking call or an endless loop.',
  },
  'unhealthy-response': {
    remedy: 'restart',
    advice: 'It answers its health check with an error. Read the answer.',
  },
  stuck: {
    remedy: 'restart',
    advice: 'It reports that it is busy but makes no progress. Look at its current task.',
  },
  'over-budget': {
    remedy: 'person',
    advice: 'It used more tokens than its budget. Find out why, then reset its circuit, which grants a new budget.',
  },
  'stale-heartbeat': {
    remedy: 'restart',
    advice: 'Its heartbeats stopped. Look for a blocking call in its main loop.',
  },
  unknown: { remedy: 'restart', advice: 'Read the end of its log.' },
  none: { remedy: 'restart', advice: 'No failure is known.' },
};

const NO_FACTS = {
  certainty: 'certain',
  rule: null,
  block: [],
  evidence: [],
  exitCode: null,
  signal: null,
  memoryBytes: null,
} as const;

/** Builds a diagnosis of this cause, with the remedy and the advice that belong to the cause. */
export function diagnosisOf(
  cause: FailureCause,
  line: string,
  facts: Partial<Omit<Diagnosis, 'cause' | 'line'>> = {},
): Diagnosis {
  return { cause, line, ...CAUSES[cause], ...NO_FACTS, ...facts };
}
