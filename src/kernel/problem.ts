/** The closed set of stable error codes of the contract, each with its short, constant title. */
export const PROBLEM_TITLES = {
  'invalid-request': 'The request is not valid',
  unauthenticated: 'A valid token is needed',
  forbidden: 'This token may not do that',
  'agent-not-found': 'There is no such agent',
  'not-found': 'There is nothing at this address',
  'agent-exists': 'An agent with this id is registered already',
  'external-agent': 'This agent is external: it is watched, never launched',
  'operation-in-progress': 'Another operation on this agent is in progress',
  'entry-point-not-found': 'The entry point cannot be found',
  'interpreter-not-found': 'The interpreter cannot be found',
  'launch-failed': 'The agent could not be launched',
  'process-manager-unavailable': 'PM2 does not answer',
  'database-unavailable': 'The database cannot be written',
  'no-capable-agent': 'No agent has this capability',
  'no-available-agent': 'No capable agent is available now',
  'too-many-requests': 'Too many requests',
  'payload-too-large': 'The request body is too large',
  'internal-error': 'Something went wrong here',
} as const;

export type ProblemCode = keyof typeof PROBLEM_TITLES;

/** One fault of a request: where it lies (JSON pointer, RFC 6901) and what is wrong with it. */
export interface InvalidMember {
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly InvalidMember[];
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/**
 * The one typed error of the domain. `code` is stable and part of the contract; `detail` says what was wrong and what
 * to do about it. It never carries a secret: `detail` is shown to whoever asked.
 */
export class Problem extends Error {
  readonly errors: readonly InvalidMember[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    options: ProblemOptions = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = 'Problem';
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Narrows an unknown thrown value to a {@link Problem} of this code. */
export function isProblem(error: unknown, code?: ProblemCode): error is Problem {
  return error instanceof Problem && (code === undefined || error.code === code);
}

/** What an unknown thrown value says, in one line without a stack. */
export function messageOf(error: unknown): string {
  if (Array.isArray(error)) return error.map(messageOf).join('; ');
  // By shape: an error of another realm (a worker, a vm context) is no instance of our Error.
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

/** What an unknown thrown value says to a person: a problem its detail, everything else its message. */
export function detailOf(error: unknown): string {
  return isProblem(error) ? error.detail : messageOf(error);
}

/** The code of an error of the system (`ENOENT`, ...); null: it has none. */
export function errorCodeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
