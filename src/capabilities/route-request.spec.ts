import { routeRequestSchema } from './route-request';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const parse = (body: Readonly<Record<string, unknown>>) => routeRequestSchema.safeParse({ taskType: 'a.b', ...body });

describe('the body of a route request', () => {
  it('has defaults', () => {
    expect(parse({}).data).toEqual({ taskType: 'a.b', spawn: true, exclude: [], waitSeconds: 10 });
  });

  it.each([
    `00-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-00`,
    `cc-${TRACE}-${PARENT}-01`,
    `01-${TRACE}-${PARENT}-01-what-the-future-will-be-like`,
  ])('accepts the traceparent %s', (traceparent) => {
    expect(parse({ traceparent }).data).toMatchObject({ traceparent });
  });

  it.each([
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['version 00 with more parts', `00-${TRACE}-${PARENT}-01-more`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capital letters', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['a line break', `00-${TRACE}-${PARENT}-01\n`],
    ['more than 256 characters', `01-${TRACE}-${PARENT}-01-${'x'.repeat(256)}`],
    ['no text', ''],
    ['a number', 1],
    ['null', null],
  ])('refuses a traceparent with %s', (_, traceparent) => {
    expect(parse({ traceparent }).error?.issues.map(({ path }) => path)).toEqual([['traceparent']]);
  });

  it.each([
    ['waitSeconds', -1],
    ['waitSeconds', 60.1],
    ['waitSeconds', '10'],
    ['waitSeconds', null],
    ['spawn', 'yes'],
    ['exclude', ['Not An Id']],
    ['taskType', ''],
    ['unknown', 1],
  ])('refuses %s %j', (member, value) => {
    expect(parse({ [member]: value }).success).toBe(false);
  });

  it.each([0, 0.5, 60])('accepts waitSeconds %d', (waitSeconds) => {
    expect(parse({ waitSeconds }).data).toMatchObject({ waitSeconds });
  });
});
