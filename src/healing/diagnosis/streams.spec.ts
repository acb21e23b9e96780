import { diagnose, type DiagnosisFacts } from './diagnose';

const UNKNOWN: DiagnosisFacts = {
  ...{ exitCode: 1, signal: null, stderr: '', stdout: '', stderrAt: null, stdoutAt: null, oomKills: null },
  ...{ memoryBytes: null, secrets: [], program: null, variables: null },
};
const NETWORK =
  'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nConnectionRefusedError: [Errno 111] Connection refused\n';
const LOGGED = `2026-03-02 10:00:00,000 ERROR could not reach the broker; using the cache\n${NETWORK}`;
const LICENCE = 'FATAL: the licence has run out';
const NOON = Date.UTC(2026, 2, 2, 12);

const findLine = (facts: Partial<DiagnosisFacts>) => diagnose({ ...UNKNOWN, ...facts }).line;

describe('of the two streams', () => {
  it.each([
    ['an exception on standard error', { stderr: NETWORK, stdout: 'job 7 done\n' }, 'Connection refused'],
    ['an exception on standard output', { stderr: 'INFO up\n', stdout: NETWORK }, 'Connection refused'],
    ['a fatal line on standard output, not a logged error', { stderr: LOGGED, stdout: `${LICENCE}\n` }, 'licence'],
    ['the exception, not a fatal line written at the same time', { stderr: NETWORK, stdout: LICENCE }, 'refused'],
    [
      'an error that was written much later',
      { stderr: NETWORK, stdout: `ERROR ${LICENCE}\n`, stderrAt: NOON, stdoutAt: NOON + 60_000 },
      'licence',
    ],
    [
      'the exception, although plain words were flushed later',
      { stderr: NETWORK, stdout: 'job 7 done\n', stderrAt: NOON, stdoutAt: NOON + 60_000 },
      'Connection refused',
    ],
  ])('%s tells the reason', (_, facts, line) => {
    expect(findLine(facts)).toContain(line);
  });
});

describe('an error that was handled', () => {
  it.each([
    [
      'minutes before the last words',
      `${LOGGED}2026-03-02 10:09:00,000 INFO shutting the worker down now, see above\n`,
    ],
    ['before a dozen other lines', `${NETWORK}${'working on it\n'.repeat(12)}`],
    ['and logged, before words about another error', `${LOGGED}Error: the queue is full\n`],
  ])('is not the reason: %s', (_, stderr) => {
    expect(findLine({ stderr })).not.toContain('Connection refused');
  });
});

describe('the last words of a program', () => {
  it.each([
    [
      'on standard error',
      { stderr: 'licence expired for seat 7\n' },
      'exited with code 1 after: licence expired for seat 7',
    ],
    ['on standard output', { stdout: 'no more seats\n' }, 'exited with code 1 after: no more seats'],
    ['about an error, rather than the very last', { stderr: 'Error: no seat\nsee the manual\n' }, 'Error: no seat'],
    ['behind a progress bar', { stdout: ' 10%\r 50%\r 80% of the index\n' }, '80% of the index'],
    ['in colours', { stderr: '\u001b[31mlicence expired\u001b[0m\n' }, 'after: licence expired'],
    ['without any', {}, 'exited with code 1'],
  ])('%s are its line', (_, facts, line) => {
    expect(findLine(facts)).toContain(line);
  });

  it('leave the cause unknown', () => {
    expect(diagnose({ ...UNKNOWN, stderr: 'licence expired for seat 7\n' })).toMatchObject({
      ...{ cause: 'unknown', remedy: 'restart', rule: null, block: ['licence expired for seat 7'] },
    });
  });
});

describe('a diagnosis explains itself:', () => {
  it('by the rule, the certainty and the block', () => {
    expect(diagnose({ ...UNKNOWN, stderr: NETWORK })).toMatchObject({
      ...{ rule: 'errno-words', certainty: 'certain' },
      block: ['ConnectionRefusedError: [Errno 111] Connection refused'],
    });
  });

  it('with the secrets of the agent masked in every line, before the output is split', () => {
    const secret = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqh\nc2Vjb25kbGluZQ12\n-----END KEY-----';
    const diagnosis = diagnose({ ...UNKNOWN, stderr: `ValueError: bad key ${secret}\n`, secrets: [secret] });
    expect(JSON.stringify(diagnosis)).not.toMatch(/MIIEvQ|c2Vjb25/);
  });
});

describe('a secret with a colour in its middle', () => {
  it('is masked', () => {
    const { line } = diagnose({
      ...UNKNOWN,
      stderr: 'ValueError: no 7f3k\u001b[1m99aqq2\u001b[0m here\n',
      secrets: ['7f3k99aqq2'],
    });
    expect(line).toContain('ValueError: no *** here');
  });
});
