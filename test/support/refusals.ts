import type { ProblemAnswer } from './api-client';
import { rawRequest, type RawAnswer } from './raw-http';
import { ADMIN_TOKEN, type TestService } from './service';
import { stateOf, type State } from './state-of';

/** Essence of a refusal: status, code, and the members at fault. */
export type Refusal = readonly [status: number, code: string, ...pointers: string[]];

/** Maximum length of an error answer. Without a limit, an answer that repeats its request could become large. */
const LONGEST_ANSWER = 50_000;

/** Header line of an admin. */
export const AUTHORIZATION = `Authorization: Bearer ${ADMIN_TOKEN}`;

const AS_ADMIN = ['Content-Type: application/json', AUTHORIZATION];

/** Parses a problem and expects the form that all problems have. */
export function refusalOf(answer: RawAnswer | null): Refusal {
  if (answer === null) throw new Error('there was no answer');
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body.length).toBeLessThan(LONGEST_ANSWER);
  const problem = JSON.parse(answer.body) as ProblemAnswer;
  expect(problem).toMatchObject({
    ...{ status: answer.status, type: `urn:agent-spawner:problem:${problem.code}` },
    // The system's message about a failed launch is passed on unchanged.
    ...{
      detail: expect.stringMatching(answer.status < 500 ? /\.$/ : /\S/) as string,
      title: expect.any(String) as string,
    },
    instance: expect.any(String) as string,
  });
  return [answer.status, problem.code, ...new Set((problem.errors ?? []).map(({ pointer }) => pointer))];
}

/** Returns true for a problem of the service, and for a refusal of the HTTP layer, which has no body. */
export function isRefused(answer: RawAnswer | null): boolean {
  return answer === null || (answer.status >= 400 && answer.status < 500);
}

/** Sends a request that fetch would not send, by default as an admin, and expects a problem. */
export async function refusal(
  service: TestService,
  method: string,
  target: string,
  body?: string | Buffer,
  headers: readonly string[] = AS_ADMIN,
): Promise<Refusal> {
  return refusalOf(await rawRequest(service.url, { method, target, headers, ...(body === undefined ? {} : { body }) }));
}

/** Returns the refusal of a well-formed request with these invalid members. */
export function invalid(...pointers: string[]): Refusal {
  return [422, 'invalid-request', ...pointers];
}

/** Expects that nothing has changed and that the same service process is still running. */
export async function expectUntouched(service: TestService, before: State, pid: number): Promise<void> {
  expect(await stateOf(service.api)).toEqual(before);
  expect(service.pid).toBe(pid);
  expect(service.isRunning()).toBe(true);
  expect(service.output()).not.toMatch(/unexpected error|unhandled|"level":[56]0/i);
}
