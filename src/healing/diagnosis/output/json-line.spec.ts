import { expandJson } from './json-line';

const NOON = Date.UTC(2026, 2, 2, 12);
const STACK = 'Error: queue is sealed\n    at main (/srv/a.js:1:2)';
const TRACEBACK = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: queue is sealed';

const expand = (record: object) => expandJson(JSON.stringify(record));
/** A record of a level and a time, with an error whose last line is the one that is expected. */
const expectRecord = (record: object) => {
  const found = expand(record);
  expect([found?.level, Math.trunc(found?.at ?? 0)]).toEqual(['error', NOON]);
  return expect(found?.words);
};

describe('a log record', () => {
  it.each([
    ['pino', { level: 50, time: NOON, pid: 4, err: { type: 'Error', message: 'x', stack: STACK }, msg: 'giving up' }],
    [
      'bunyan',
      { name: 'a', level: 50, err: { name: 'E', stack: STACK }, msg: 'giving up', time: '2026-03-02T12:00:00Z' },
    ],
    ['winston', { level: 'error', message: 'giving up', stack: STACK, timestamp: '2026-03-02T12:00:00Z' }],
    [
      'the Elastic schema',
      {
        '@timestamp': '2026-03-02T12:00:00Z',
        'log.level': 'error',
        message: 'giving up',
        error: { stack_trace: STACK },
      },
    ],
    ['Serilog', { '@t': '2026-03-02T12:00:00Z', '@l': 'Error', '@mt': 'giving up', '@x': STACK }],
  ])('of %s has the message, then the stack', (_, record) => {
    expectRecord(record).toEqual(['giving up', ...STACK.split('\n')]);
  });

  it.each([
    ['structlog', { event: 'giving up', level: 'error', exception: TRACEBACK, timestamp: '2026-03-02T12:00:00Z' }],
    [
      'python-json-logger',
      {
        asctime: '2026-03-02T12:00:00Z',
        levelname: 'ERROR',
        message: 'giving up',
        exc_info: TRACEBACK,
        taskName: null,
      },
    ],
    ['python-json-logger without a level', { ts: NOON, message: 'giving up', exc_info: TRACEBACK }],
    [
      'loguru',
      {
        text: `2026-03-02 12:00:00.000 | ERROR    | a:b:1 - giving up\n${TRACEBACK}\n`,
        record: { level: { name: 'ERROR', no: 40 }, message: 'giving up', time: { timestamp: NOON / 1_000 } },
      },
    ],
  ])('of %s has the message, then the traceback', (_, record) => {
    expectRecord(record).toEqual(['giving up', ...TRACEBACK.split('\n')]);
  });

  it.each([
    ['zerolog', { level: 'error', error: 'queue is sealed', time: '2026-03-02T12:00:00Z', message: 'giving up' }],
    [
      'zap',
      {
        level: 'error',
        ts: NOON / 1_000,
        caller: 'a.go:1',
        msg: 'giving up',
        error: 'queue is sealed',
        stacktrace: 'x',
      },
    ],
    ['slog', { time: '2026-03-02T12:00:00Z', level: 'ERROR', msg: 'giving up', err: 'queue is sealed' }],
    [
      'tracing',
      { timestamp: '2026-03-02T12:00:00Z', level: 'ERROR', fields: { message: 'giving up', error: 'queue is sealed' } },
    ],
    ['a clock of nanoseconds', { severity: 'ERROR', time: NOON * 1e6, message: 'giving up', error: 'queue is sealed' }],
  ])('of %s has the message, then the error', (_, record) => {
    expectRecord(record).toEqual(['giving up', 'queue is sealed']);
  });

  it('of structlog may list the error before its causes', () => {
    const exception = [
      { exc_type: 'ValueError', exc_value: 'queue is sealed' },
      { exc_type: 'OSError', exc_value: '5' },
    ];
    expect(expand({ event: 'giving up', level: 'error', exception })?.words).toEqual([
      'giving up',
      'ValueError: queue is sealed',
    ]);
  });

  it('keeps the code of an error', () => {
    const err = { message: 'refused', code: 'ECONNREFUSED' };
    expect(expand({ level: 60, err })).toEqual({
      ...{ level: 'fatal', at: null, words: ['refused', "    code: 'ECONNREFUSED'"] },
    });
  });

  it('of a level below error has no error', () => {
    expect(expand({ level: 40, msg: 'retrying', err: { stack: STACK } })).toMatchObject({
      level: 'quiet',
      words: ['retrying'],
    });
  });

  it('has a limit for its lines, and keeps those that tell most', () => {
    const words = expand({
      level: 50,
      msg: 'a\n'.repeat(999),
      exc_info: `${'  x\n'.repeat(9_999)}ValueError: x`,
    })?.words;
    expect([words?.length, words?.at(-1)]).toEqual([1_100, 'ValueError: x']);
  });
});

it.each([
  ['an answer of an API', '{"error":{"type":"invalid_request_error","message":"no credit"}}'],
  ['a list', '[{"level":50,"msg":"x"}]'],
  ['JSON that was cut', '{"level":50,"msg":"x'],
  ['JSON that is not valid', '{"level":50,msg:"x"}'],
  ['a record without a message', '{"level":50,"time":1}'],
  ['a record of more than 200 kB', JSON.stringify({ level: 50, msg: 'x'.repeat(200_000) })],
])('%s is no log record', (_, line) => {
  expect(expandJson(line)).toBeNull();
});
