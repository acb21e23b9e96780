import * as fc from 'fast-check';
import { NOTHING_ASKED, type CheckResult } from './check-result';
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
const REFUSED: CheckResult = { ...HUNG, error: 'there is no host x', cause: 'network' };

const FINE: Standing = {
  ...{ heartbeatAgeMs: null, heartbeatTimeoutMs: 60_000, withoutProgressMs: null, progressTimeoutMs: null },
  ...{ tokens: null, memory: null },
};

/** A history of checks, `+` good and `-` failed. */
function historyOf(checks: string): HealthHistory {
  return Array.from(checks).reduce((history, each) => withCheck(history, each === '+' ? GOOD : BAD), NO_HISTORY);
}

describe('the verdict by checks', () => {
  it.each([
    ['nothing yet', '', false],
    ['good ones', '++++', false],
    ['two failed: still healthy (kubelet)', '++--', false],
    ['the third flips it (kubelet)', '++---', true],
    ['a good one between', '--+--', false],
    ['flapping below the limit makes none (Nomad)', '+-+-+-+-+-', false],
    ['60 % of the last ten', '+--+--+--+-', true],
    ['two of three, for ever', '--+--+--+--+', true],
    ['half of the last ten', '--+-+-+-++', false],
    ['what failed long ago', '------++++++++++', false],
  ])('%s: %s', (_, checks, isFailing) => {
    expect(verdictOf(historyOf(checks), FINE) !== null).toBe(isFailing);
  });

  it('names how many, and the latest fault, with the evidence', () => {
    expect(verdictOf(historyOf('+---'), FINE)).toMatchObject({
      cause: 'unhealthy-response',
      line: '3 checks in a row failed: answered 500',
      evidence: [1, 2, 3].map(() => ({ source: 'check', detail: 'answered 500' })),
    });
  });

  it('is restarted whatever the cause of the check: it is no exit that says what it waits for', () => {
    const history = [REFUSED, REFUSED, REFUSED].reduce(withCheck, NO_HISTORY);
    expect(verdictOf(history, FINE)).toMatchObject({ cause: 'network', remedy: 'restart' });
  });

  it('begins anew with another process (kubelet: the count resets on restart)', () => {
    const history = withProcess({ ...historyOf('---'), incarnation: 'a' }, 'b');
    expect(verdictOf(history, FINE)).toBeNull();
    expect(history.checks).toEqual([]);
  });

  it('begins anew after a time in which nothing ran', () => {
    expect(verdictOf(withoutStreak(historyOf('+------')), FINE)).toBeNull();
  });

  it('never needs more than three failed checks in a row, nor makes do with two', () => {
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

describe('the verdict by what else is known', () => {
  it.each([
    ['a heartbeat in time', { heartbeatAgeMs: 60_000 }, null],
    ['a stale heartbeat', { heartbeatAgeMs: 60_001 }, 'stale-heartbeat'],
    ['busy with progress', { withoutProgressMs: 10_000, progressTimeoutMs: 10_000 }, null],
    ['busy without', { withoutProgressMs: 10_001, progressTimeoutMs: 10_000 }, 'stuck'],
    ['busy, and nobody minds', { withoutProgressMs: 99_999_999 }, null],
    ['within its budget', { tokens: { used: 1_000, budget: 1_000 } }, null],
    ['over it', { tokens: { used: 1_001, budget: 1_000 } }, 'over-budget'],
    ['within its memory', { memory: { bytes: 100, limitBytes: 100 } }, null],
    ['beyond it', { memory: { bytes: 101, limitBytes: 100 } }, 'memory-limit'],
  ])('%s', (_, standing, cause) => {
    expect(verdictOf(NO_HISTORY, { ...FINE, ...standing })?.cause ?? null).toBe(cause);
  });

  it('over budget outranks all else, since a restart would spend more', () => {
    const standing = { ...FINE, heartbeatAgeMs: 99_999, tokens: { used: 2, budget: 1 } };
    expect(verdictOf(historyOf('---'), standing)).toMatchObject({ cause: 'over-budget', remedy: 'person' });
  });

  it('a check that asked nothing is a good one', () => {
    expect(verdictOf(withCheck(NO_HISTORY, NOTHING_ASKED), FINE)).toBeNull();
  });
});
