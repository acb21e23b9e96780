import * as fc from 'fast-check';
import { NOT_PROBED, type CheckResult } from './check-result';
import { NO_HISTORY, withCheck, withoutStreak, withProcess, type HealthHistory } from './history';
import { verdictOf, type Standing } from './verdict';

const GOOD: CheckResult = { ok: true, responseMs: 5, statusCode: 200, error: null, cause: null };
const BAD: CheckResult = {
  ok: false,
  responseMs: 5,
  statusCode: 500,
  error: 'answered 500',
  cause: 'unhealthy-response',
};
const HUNG: CheckResult = { ok: false, responseMs: 5_000, statusCode: null, error: 'no answer', cause: 'hung' };
const REFUSED: CheckResult = { ...HUNG, error: 'the host name x does not resolve', cause: 'network' };

const FINE: Standing = {
  ...{ heartbeatAgeMs: null, heartbeatTimeoutMs: 60_000, withoutProgressMs: null, progressTimeoutMs: null, task: null },
  ...{ tokens: null, memory: null, selfFailing: null },
};

const MEGABYTE = 1_048_576;
const FULL = { memory: { measured: [300, 400, 500].map((count) => count * MEGABYTE), limitBytes: 256 * MEGABYTE } };

/** Builds a history of checks: `+` is good, `-` is failed. */
function historyOf(checks: string): HealthHistory {
  return Array.from(checks).reduce((history, each) => withCheck(history, each === '+' ? GOOD : BAD), NO_HISTORY);
}

describe('the verdict from checks', () => {
  it.each([
    ['no checks', '', false],
    ['good checks', '++++', false],
    ['two failed checks (kubelet)', '++--', false],
    ['three failed checks in a row (kubelet)', '++---', true],
    ['a good check in between', '--+--', false],
    ['flapping below the limit (Nomad)', '+-+-+-+-+-', false],
    ['six failed of the last ten', '+--+--+--+-', true],
    ['two failed of each three', '--+--+--+--+', true],
    ['five failed of the last ten', '--+-+-+-++', false],
    ['failures before the last ten', '------++++++++++', false],
  ])('for %s (%s) is failing: %s', (_, checks, isFailing) => {
    expect(verdictOf(historyOf(checks), FINE) !== null).toBe(isFailing);
  });

  it('contains the number of failed checks, the latest error and the evidence', () => {
    expect(verdictOf(historyOf('+---'), FINE)).toMatchObject({
      cause: 'unhealthy-response',
      line: '3 checks in a row failed: answered 500',
      evidence: [1, 2, 3].map(() => ({ source: 'check', detail: 'answered 500' })),
    });
  });

  it('of an agent that fails intermittently counts the failures, and quotes only the latest three', () => {
    const failing = (error: string): CheckResult => ({ ...BAD, error });
    const checks = ['a', 'b', '+', 'c', 'd', '+', 'e', 'f', '+', '+'].map((each) =>
      each === '+' ? GOOD : failing(each),
    );
    expect(verdictOf(checks.reduce(withCheck, NO_HISTORY), FINE)).toMatchObject({
      line: '6 of the last 10 checks failed: f',
      evidence: ['d', 'e', 'f'].map((detail) => ({ source: 'check', detail })),
    });
  });

  it('asks for a restart whatever the cause of the failed checks', () => {
    const history = [REFUSED, REFUSED, REFUSED].reduce(withCheck, NO_HISTORY);
    expect(verdictOf(history, FINE)).toMatchObject({ cause: 'network', remedy: 'restart' });
  });

  it('starts over with a new process (kubelet: the count resets on restart)', () => {
    const history = withProcess({ ...historyOf('---'), incarnation: 'a' }, 'b');
    expect(verdictOf(history, FINE)).toBeNull();
    expect(history.checks).toEqual([]);
  });

  it('starts over after a suspend', () => {
    expect(verdictOf(withoutStreak(historyOf('+------')), FINE)).toBeNull();
  });

  it('is failing after any three failed checks in a row, and never after only two', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 40 }), (before) => {
        const history = historyOf(before.map((ok) => (ok ? '+' : '-')).join(''));
        const after = ['-', '-', '-'].reduce((now) => withCheck(now, BAD), history);
        expect(verdictOf(after, FINE)).not.toBeNull();
        const few = withCheck(withCheck(withoutStreak(history), BAD), BAD);
        expect(verdictOf(few, FINE)).toBeNull();
      }),
    );
  });
});

describe('the verdict from everything else', () => {
  it.each([
    ['a heartbeat within its timeout', { heartbeatAgeMs: 60_000 }, null],
    ['a stale heartbeat', { heartbeatAgeMs: 60_001 }, 'stale-heartbeat'],
    ['busy with progress', { withoutProgressMs: 10_000, progressTimeoutMs: 10_000 }, null],
    ['busy without progress', { withoutProgressMs: 10_001, progressTimeoutMs: 10_000 }, 'stuck'],
    ['busy without progress and without a progress timeout', { withoutProgressMs: 99_999_999 }, null],
    ['within the token budget', { tokens: { used: 1_000, budget: 1_000 } }, null],
    ['over the token budget', { tokens: { used: 1_001, budget: 1_000 } }, 'over-budget'],
    ['within the memory limit', { memory: { measured: [100, 100, 100], limitBytes: 100 } }, null],
    ['over the memory limit once', { memory: { measured: [100, 100, 101], limitBytes: 100 } }, null],
    ['over the memory limit twice', { memory: { measured: [101, 101], limitBytes: 100 } }, null],
    [
      'over the memory limit three times in a row',
      { memory: { measured: [50, 101, 102, 103], limitBytes: 100 } },
      'memory-limit',
    ],
    [
      'over the memory limit three times, not in a row',
      { memory: { measured: [101, 101, 99, 101], limitBytes: 100 } },
      null,
    ],
    [
      'self-reported failing for less than the limit',
      { selfFailing: { forMs: 119_999, limitMs: 120_000, message: 'x' } },
      null,
    ],
    [
      'self-reported failing for the limit',
      { selfFailing: { forMs: 120_000, limitMs: 120_000, message: 'x' } },
      'unhealthy-response',
    ],
  ])('for %s: %j', (_, standing, cause) => {
    expect(verdictOf(NO_HISTORY, { ...FINE, ...standing })?.cause ?? null).toBe(cause);
  });

  it.each([
    ['the tokens', { tokens: { used: 1_200, budget: 1_000 } }, 'heartbeat', 'used 1200 tokens; its budget is 1000'],
    ['the memory', FULL, 'memory', 'uses 500 MB with its descendants; maxMemoryMb is 256'],
    ['the age of the heartbeat', { heartbeatAgeMs: 61_240 }, 'heartbeat', 'no heartbeat for 61.2 s'],
    [
      'the time without progress',
      { withoutProgressMs: 10_160, progressTimeoutMs: 10_000 },
      'heartbeat',
      'no progress for 10.2 s while busy',
    ],
  ])('says %s in one line, which is the evidence too', (_, standing, source, line) => {
    expect(verdictOf(NO_HISTORY, { ...FINE, ...standing })).toMatchObject({
      line,
      evidence: [{ source, detail: line }],
    });
  });

  it('names the task of an agent that is stuck', () => {
    const standing = { ...FINE, withoutProgressMs: 60_000, progressTimeoutMs: 10_000, task: 'crawl shop' };
    expect(verdictOf(NO_HISTORY, standing)).toMatchObject({
      cause: 'stuck',
      line: 'no progress for 60 s while busy with "crawl shop"',
    });
  });

  it('says that the heartbeats of a stuck agent have ceased, and is stale once they are late', () => {
    const silent = { ...FINE, withoutProgressMs: 60_000, progressTimeoutMs: 10_000, heartbeatAgeMs: 60_000 };
    expect(verdictOf(NO_HISTORY, silent)).toMatchObject({
      cause: 'stuck',
      evidence: [
        { source: 'heartbeat', detail: 'no progress for 60 s while busy' },
        { source: 'heartbeat', detail: 'its latest heartbeat is 60 s old' },
      ],
    });
    expect(verdictOf(NO_HISTORY, { ...silent, heartbeatAgeMs: 60_001 })?.cause).toBe('stale-heartbeat');
  });

  it('contains the latest measurement of the memory', () => {
    expect(verdictOf(NO_HISTORY, { ...FINE, ...FULL })?.memoryBytes).toBe(500 * MEGABYTE);
  });

  it('is over-budget before any other cause, because a restart would spend more', () => {
    const standing = { ...FINE, heartbeatAgeMs: 99_999, tokens: { used: 2, budget: 1 } };
    expect(verdictOf(historyOf('---'), standing)).toMatchObject({ cause: 'over-budget', remedy: 'person' });
  });

  it('quotes the message of an agent that reports failing', () => {
    const selfFailing = { forMs: 120_000, limitMs: 120_000, message: 'polling stopped after 8 conflicts' };
    expect(verdictOf(historyOf('+++'), { ...FINE, selfFailing })).toMatchObject({
      line: 'polling stopped after 8 conflicts',
      remedy: 'restart',
      evidence: [{ source: 'heartbeat', detail: 'reported failing in all heartbeats for 120 s' }],
    });
    expect(verdictOf(NO_HISTORY, { ...FINE, selfFailing: { ...selfFailing, message: null } })?.line).toBe(
      'reported failing in all heartbeats for 120 s',
    );
  });

  it('counts a check without a probe as good', () => {
    expect(verdictOf(withCheck(NO_HISTORY, NOT_PROBED), FINE)).toBeNull();
  });
});
