/** Closed set of the contract's error codes, each with its short, constant title. */
export const PROBLEM_TITLES = {
  'invalid-request': 'The request is invalid',
  unauthenticated: 'A valid token is required',
  forbidden: 'The token does not grant this access',
  'agent-not-found': 'No agent has this id',
  'not-found': 'No route matches this method and path',
  'agent-exists': 'An agent with this id is already registered',
  'external-agent': 'The agent is external: the supervisor only watches it',
  'operation-in-progress': 'Another operation on this agent is in progress',
  'entry-point-not-found': 'The entry point was not found',
  'interpreter-not-found': 'The interpreter was not found',
  'launch-failed': 'The launch of the agent failed',
  'process-manager-unavailable': 'PM2 does not answer',
  'database-unavailable': 'The database does not accept writes',
  'no-capable-agent': 'No agent has this capability',
  'no-available-agent': 'No agent with this capability is available now',
  'wait-timeout': 'The agent did not reach the state in time',
  'too-many-requests': 'Too many requests',
  'payload-too-large': 'The request body is too large',
  'internal-error': 'An unexpected error occurred',
} as const;

export type ProblemCode = keyof typeof PROBLEM_TITLES;

/** One invalid member of a request: its location (JSON pointer, RFC 6901) and why it is invalid. */
export interface InvalidMember {
  readonly pointer: string;
  readonly detail: string;
}

export interface ProblemOptions {
  readonly errors?: readonly InvalidMember[];
  /** Seconds after which the caller may retry. */
  readonly retryAfterSeconds?: number;
  /**
   * Extension members of the answer (RFC 9457), in a form that JSON can represent. They never replace a standard member.
   * They are shown to the caller, so they must never contain a secret.
   */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * Typed error of the domain. `code` is stable and part of the contract. `detail` says what happened, why, and what to
 * do. It is shown to the caller, so it must never contain a secret.
 */
export class Problem extends Error {
  readonly errors: readonly InvalidMember[] | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    options: ProblemOptions = {},
  ) {
    super(`${code}: ${detail}`, { cause: options.cause });
    this.name = 'Problem';
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.members = options.members ?? {};
  }
}

/** Narrows an unknown thrown value to a {@link Problem}, optionally of this code. */
export function isProblem(error: unknown, code?: ProblemCode): error is Problem {
  return error instanceof Problem && (code === undefined || error.code === code);
}

/** Returns the message of an unknown thrown value, without a stack. */
export function messageOf(error: unknown): string {
  if (Array.isArray(error)) return error.map(messageOf).join('; ');
  // Not `instanceof`: an error of another realm (a worker, a vm context) has a different `Error` class.
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  return String(error);
}

/**
 * Returns the text to show to the operator: the detail of a {@link Problem}, or the message of any other thrown value.
 */
export function detailOf(error: unknown): string {
  return isProblem(error) ? error.detail : messageOf(error);
}

/** Returns the `code` of a system error (`ENOENT`, ...), or null if it has no such code. */
export function errorCodeOf(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  return typeof error.code === 'string' ? error.code : null;
}
