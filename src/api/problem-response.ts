import { HttpException } from '@nestjs/common';
import { errorCodeOf, messageOf, Problem, PROBLEM_TITLES, type InvalidMember, type ProblemCode } from '../kernel';

/** HTTP status of each code. No other file maps codes to statuses. */
const STATUS: Readonly<Record<ProblemCode, number>> = {
  'invalid-request': 422,
  unauthenticated: 401,
  forbidden: 403,
  'agent-not-found': 404,
  'not-found': 404,
  'agent-exists': 409,
  'external-agent': 409,
  'operation-in-progress': 409,
  'entry-point-not-found': 422,
  'interpreter-not-found': 422,
  'launch-failed': 502,
  'process-manager-unavailable': 503,
  'database-unavailable': 503,
  'no-capable-agent': 404,
  'no-available-agent': 503,
  'wait-timeout': 408,
  'too-many-requests': 429,
  'payload-too-large': 413,
  'internal-error': 500,
};

export function statusOfProblem(code: ProblemCode): number {
  return STATUS[code];
}

/** Error body of RFC 9457, with the stable code and the invalid members, if any. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly errors?: readonly InvalidMember[];
  /** Extension members of the problem. */
  readonly [member: string]: unknown;
}

export interface ProblemResponse {
  readonly body: ProblemBody;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_INSTANCE = 256;

/**
 * Builds the response to any thrown value. An unexpected one exposes only the id under which it was logged.
 *
 * @param url URL of the request; its query is left out, since it may contain anything
 */
export function problemResponse(error: unknown, url: string, incident: string): ProblemResponse {
  const { problem, status } = recognizeError(error, incident);
  // A member of the same name never replaces a standard one, not even `errors` where there are none.
  const { errors: _reserved, ...members } = problem.members;
  const body: ProblemBody = {
    ...members,
    type: `urn:agent-spawner:problem:${problem.code}`,
    title: PROBLEM_TITLES[problem.code],
    status: status ?? STATUS[problem.code],
    detail: problem.detail,
    instance: (url.split('?', 1)[0] ?? '').slice(0, MAX_INSTANCE),
    code: problem.code,
    ...(problem.errors === undefined ? {} : { errors: problem.errors }),
  };
  const headers: Record<string, string> = {};
  if (problem.code === 'unauthenticated') headers['WWW-Authenticate'] = 'Bearer';
  if (problem.retryAfterSeconds !== undefined) headers['Retry-After'] = String(problem.retryAfterSeconds);
  else if (body.status === 503) headers['Retry-After'] = '5';
  return { body, headers };
}

function recognizeError(error: unknown, incident: string): { problem: Problem; status?: number } {
  if (error instanceof Problem) return { problem: error };
  const fromParser = parserProblem(error);
  if (fromParser !== null) return fromParser;
  if (error instanceof HttpException && error.getStatus() === 404) {
    return { problem: new Problem('not-found', 'No route matches this method and path. /docs lists all routes.') };
  }
  if (error instanceof HttpException && error.getStatus() === 400) return badRequest(messageOf(error));
  return { problem: new Problem('internal-error', `An unexpected error occurred. Search the log for ${incident}.`) };
}

/**
 * Converts a 400 of Nest. Nest passes on the messages of JSON.parse and the router, which repeat the caller's input.
 */
function badRequest(message: string): { problem: Problem; status: number } {
  const detail = message.includes('JSON')
    ? 'The body is not valid JSON. Correct it and send it again.'
    : message.startsWith('Failed to decode')
      ? 'The URL is malformed. Check its percent-encoding.'
      : message;
  return { problem: new Problem('invalid-request', detail), status: 400 };
}

/** Converts errors of Express' body parser and router, by their `type` and `status`. */
function parserProblem(error: unknown): { problem: Problem; status?: number } | null {
  if (typeof error !== 'object' || error === null) return null;
  const type = 'type' in error ? String(error.type) : '';
  if (type === 'entity.too.large')
    return { problem: new Problem('payload-too-large', 'The body is larger than 1 MB. Send less in one request.') };
  if (type === 'entity.parse.failed')
    return {
      problem: new Problem('invalid-request', 'The body is not valid JSON. Correct it and send it again.'),
      status: 400,
    };
  if (/^(?:encoding|charset|entity|request|stream)\./.test(type)) {
    return {
      problem: new Problem(
        'invalid-request',
        `The body could not be read: ${messageOf(error)}. Send it as JSON in UTF-8.`,
      ),
      status: 400,
    };
  }
  const isMalformedUrl = ('name' in error && error.name === 'URIError') || errorCodeOf(error) === 'ERR_INVALID_URL';
  if (isMalformedUrl)
    return {
      problem: new Problem('invalid-request', 'The URL is malformed. Check its percent-encoding.'),
      status: 400,
    };
  return clientError(error);
}

/**
 * Converts errors that Express' libraries attribute to the caller, such as broken compression or an unsatisfiable range.
 */
function clientError(error: object): { problem: Problem; status: number } | null {
  if (!('expose' in error) || error.expose !== true || !('status' in error)) return null;
  const { status } = error;
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  return {
    problem: new Problem(
      'invalid-request',
      `The request is invalid: ${messageOf(error)}. Correct it and send it again.`,
    ),
    status,
  };
}
