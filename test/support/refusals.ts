import type { ProblemAnswer } from './api-client';
import { rawRequest, type RawAnswer } from './raw-http';
import { ADMIN_TOKEN, type TestService } from './service';
import { stateOf, type State } from './state-of';

/** What a refusal comes down to: status, code, and the members that are at fault. */
export type Refusal = readonly [status: number, code: string, ...pointers: string[]];

/** An answer that repeats all that was sent would make a large one of a small request. */
const LONGEST_ANSWER = 50_000;

const AS_ADMIN = ['Content-Type: application/json', `Authorization: Bearer ${ADMIN_TOKEN}`];

/** Reads a problem, and holds it to the form that every one has. */
export function refusalOf(answer: RawAnswer | null): Refusal {
  if (answer === null) throw new Error('there was no answer');
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.body.length).toBeLessThan(LONGEST_ANSWER);
  const problem = JSON.parse(answer.body) as ProblemAnswer;
  expect(problem).toMatchObject({
    ...{ status: answer.status, type: `urn:agent-spawner:problem:${problem.code}` },
    // What the system said of a launch stands there as it said it.
    ...{
      detail: expect.stringMatching(answer.status < 500 ? /\.$/ : /\S/) as string,
      title: expect.any(String) as string,
    },
    instance: expect.any(String) as string,
  });
  return [answer.status, problem.code, ...new Set((problem.errors ?? []).map(({ pointer }) => pointer))];
}

/** Sends what fetch would not, as an admin unless told, and expects a problem. */
export async function refusal(
  service: TestService,
  method: string,
  target: string,
  body?: string | Buffer,
  headers: readonly string[] = AS_ADMIN,
): Promise<Refusal> {
  return refusalOf(await rawRequest(service.url, { method, target, headers, ...(body === undefined ? {} : { body }) }));
}

/** The refusal of a request that is well-formed, and wrong in these members. */
export function invalid(...pointers: string[]): Refusal {
  return [422, 'invalid-request', ...pointers];
}

/** Nothing has changed, and it is the same process that says so. */
export async function expectUntouched(service: TestService, before: State, pid: number): Promise<void> {
  expect(await stateOf(service.api)).toEqual(before);
  expect(service.pid).toBe(pid);
  expect(service.isRunning()).toBe(true);
  expect(service.output()).not.toMatch(/unexpected error|unhandled|"level":[56]0/i);
}
