import { HttpException } from '@nestjs/common';
import { errorCodeOf, messageOf, Problem, PROBLEM_TITLES, type InvalidMember, type ProblemCode } from '../kernel';

/** The one place where a code becomes an HTTP status. */
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
  'too-many-requests': 429,
  'payload-too-large': 413,
  'internal-error': 500,
};

export function statusOfProblem(code: ProblemCode): number {
  return STATUS[code];
}

/** RFC 9457, with our stable code and, where members are at fault, which. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly instance: string;
  readonly code: ProblemCode;
  readonly errors?: readonly InvalidMember[];
}

export interface ProblemResponse {
  readonly body: ProblemBody;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_INSTANCE = 256;

/**
 * What any thrown value is answered with; what we did not foresee tells nothing but the id under which it was logged.
 *
 * @param url of the request; its query is left out, since it may hold anything
 */
export function problemResponse(error: unknown, url: string, incident: string): ProblemResponse {
  const { problem, status } = recognised(error, incident);
  const body: ProblemBody = {
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

function recognised(error: unknown, incident: string): { problem: Problem; status?: number } {
  if (error instanceof Problem) return { problem: error };
  const fromParser = parserProblem(error);
  if (fromParser !== null) return fromParser;
  if (error instanceof HttpException && error.getStatus() === 404) {
    return { problem: new Problem('not-found', 'There is nothing at this address. /docs shows what there is.') };
  }
  if (error instanceof HttpException && error.getStatus() === 400) return badRequest(messageOf(error));
  return { problem: new Problem('internal-error', `Something unexpected happened. It was logged as ${incident}.`) };
}

/** Nest makes one of what JSON.parse and the router say, and both repeat what they were given. */
function badRequest(message: string): { problem: Problem; status: number } {
  const detail = message.includes('JSON')
    ? 'The body is not JSON.'
    : message.startsWith('Failed to decode')
      ? 'The address is malformed.'
      : message;
  return { problem: new Problem('invalid-request', detail), status: 400 };
}

/** Errors of Express' body parser and router, told apart by their `type` and `status`. */
function parserProblem(error: unknown): { problem: Problem; status?: number } | null {
  if (typeof error !== 'object' || error === null) return null;
  const type = 'type' in error ? String(error.type) : '';
  if (type === 'entity.too.large')
    return { problem: new Problem('payload-too-large', 'The body may have up to 1 MB.') };
  if (type === 'entity.parse.failed')
    return { problem: new Problem('invalid-request', 'The body is not JSON.'), status: 400 };
  if (/^(?:encoding|charset|entity|request|stream)\./.test(type)) {
    return { problem: new Problem('invalid-request', `The body cannot be read: ${messageOf(error)}.`), status: 400 };
  }
  const isMalformedUrl = ('name' in error && error.name === 'URIError') || errorCodeOf(error) === 'ERR_INVALID_URL';
  if (isMalformedUrl) return { problem: new Problem('invalid-request', 'The address is malformed.'), status: 400 };
  return clientError(error);
}

/** What Express' libraries lay at the caller's door: a broken compression, a range that is not there, ... */
function clientError(error: object): { problem: Problem; status: number } | null {
  if (!('expose' in error) || error.expose !== true || !('status' in error)) return null;
  const { status } = error;
  if (typeof status !== 'number' || status < 400 || status > 499) return null;
  return {
    problem: new Problem('invalid-request', `The request cannot be answered as it is: ${messageOf(error)}.`),
    status,
  };
}
