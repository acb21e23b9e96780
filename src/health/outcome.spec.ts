import * as fc from 'fast-check';
import { diagnosisOf, type Diagnosis } from '../kernel';
import { NOT_PROBED, type CheckResult } from './check-result';
import type { Vitals } from './heartbeat/liveness';
import { isBusyNotHung, outcomeOf, type CheckContext } from './outcome';

const TIMED_OUT: CheckResult = { ok: false, responseMs: 5_000, statusCode: null, error: 'no answer', cause: 'hung' };
const REFUSED: CheckResult = { ...TIMED_OUT, cause: 'unhealthy-response', error: 'refuses connections' };
const NO_HOST: CheckResult = { ...TIMED_OUT, cause: 'network', error: 'the host name does not resolve' };
const SERVER_ERROR: CheckResult = { ...REFUSED, statusCode: 503, error: 'answered 503' };
const MISCONFIGURED: CheckResult = {
  ...{ ok: false, responseMs: 5, statusCode: 401, error: 'answered 401', cause: null },
  misconfigured: { advice: 'set healthHeaders', setup: 'first' },
};
const NONE: CheckContext = {
  ...{ incarnation: 'run:1', withinGrace: false, isBusy: false, failing: null },
  ...{ vitals: null, hasSentHeartbeats: false },
  limits: { heartbeatTimeoutMs: 60_000, progressTimeoutMs: 90_000, selfFailingMs: 120_000 },
};
const VITALS: Vitals = { ageMs: 1_000, status: 'ok', withoutProgressMs: null, task: null, selfFailing: null };
const STUCK = diagnosisOf('stuck', 'busy without progress for 60 s');

describe('the outcome of a check', () => {
  it('contains the problem of a failed check', () => {
    const outcome = outcomeOf(TIMED_OUT, { ...NONE, withinGrace: true });
    expect(outcome).toMatchObject({ problem: { cause: 'hung', line: 'no answer' }, withinGrace: true });
    expect(outcome).not.toHaveProperty('isExcused');
  });

  it.each([null, STUCK])('excuses the time-out of a busy agent, and keeps the verdict %j', (failing) => {
    const outcome = outcomeOf(TIMED_OUT, { ...NONE, isBusy: true, failing });
    expect(outcome).toMatchObject({ problem: null, isExcused: true, failing });
  });

  it('contains advice, not a problem, for a misconfigured check', () => {
    const misconfigured = { advice: 'set healthHeaders', setup: 'first', line: 'answered 401' };
    expect(outcomeOf(MISCONFIGURED, NONE)).toMatchObject({ problem: null, misconfigured });
  });

  it('contains no problem for a good check', () => {
    expect(outcomeOf(NOT_PROBED, NONE)).toMatchObject({ incarnation: 'run:1', problem: null, failing: null });
  });
});

describe('isWell', () => {
  const sends = (changes: Partial<Vitals> = {}) => ({ vitals: { ...VITALS, ...changes }, hasSentHeartbeats: true });

  it.each<readonly [string, boolean, CheckResult, Partial<CheckContext>]>([
    ['with a good check and no heartbeats ever', true, NOT_PROBED, {}],
    ['with a good check and a fresh heartbeat', true, NOT_PROBED, sends()],
    ['that reports degraded', true, NOT_PROBED, sends({ status: 'degraded' })],
    ['that reports failing', false, NOT_PROBED, sends({ status: 'failing' })],
    ['with a stale heartbeat', false, NOT_PROBED, sends({ ageMs: 60_001 })],
    ['that sent heartbeats before its start but not since', false, NOT_PROBED, { hasSentHeartbeats: true }],
    ['with a failing verdict', false, NOT_PROBED, { failing: STUCK }],
    ['with a failed check', false, TIMED_OUT, {}],
    ['with an excused time-out', false, TIMED_OUT, { ...sends(), isBusy: true }],
    ['with a misconfigured check', false, MISCONFIGURED, sends()],
  ])('for an agent %s: %s', (_, isWell, check, changes) => {
    expect(outcomeOf(check, { ...NONE, ...changes }).isWell).toBe(isWell);
  });
});

describe('signalMs', () => {
  const selfReport = { evidence: [{ source: 'heartbeat', detail: 'reported failing' }] } as const;

  it.each<readonly [string, Diagnosis | null, number]>([
    ['the heartbeat timeout for stale heartbeats', diagnosisOf('stale-heartbeat', 'x'), 60_000],
    ['the progress timeout for a stuck agent', STUCK, 90_000],
    [
      'selfFailingSeconds for a failure that the agent reports',
      diagnosisOf('unhealthy-response', 'x', selfReport),
      120_000,
    ],
    ['0 for failed checks', diagnosisOf('unhealthy-response', 'x'), 0],
    ['0 for timed-out checks', diagnosisOf('hung', 'x'), 0],
    ['0 without a verdict', null, 0],
  ])('is %s', (_, failing, signalMs) => {
    expect(outcomeOf(NOT_PROBED, { ...NONE, failing }).signalMs).toBe(signalMs);
  });
});

describe('isBusyNotHung', () => {
  const BUSY = { ageMs: 1_000, withoutProgressMs: 2_000 };
  const LIMITS = { heartbeatTimeoutMs: 60_000, progressTimeoutMs: null };

  it.each([
    ['excuses a time-out while the agent is busy with progress', TIMED_OUT, BUSY, LIMITS, true],
    ['excuses a time-out at the heartbeat timeout', TIMED_OUT, { ...BUSY, ageMs: 60_000 }, LIMITS, true],
    ['counts a time-out after the heartbeat timeout', TIMED_OUT, { ...BUSY, ageMs: 60_001 }, LIMITS, false],
    ['counts a time-out before the first heartbeat', TIMED_OUT, null, LIMITS, false],
    ['counts a time-out of an idle agent', TIMED_OUT, { ...BUSY, withoutProgressMs: null }, LIMITS, false],
    [
      'counts a time-out without progress for too long',
      TIMED_OUT,
      { ...BUSY, withoutProgressMs: 60_001 },
      LIMITS,
      false,
    ],
    [
      'excuses a time-out at the progress timeout of the policy',
      TIMED_OUT,
      { ...BUSY, withoutProgressMs: 90_000 },
      { ...LIMITS, progressTimeoutMs: 90_000 },
      true,
    ],
    [
      'counts a time-out after the progress timeout of the policy',
      TIMED_OUT,
      { ...BUSY, withoutProgressMs: 10_001 },
      { ...LIMITS, progressTimeoutMs: 10_000 },
      false,
    ],
    ['counts a refused connection', REFUSED, BUSY, LIMITS, false],
    ['counts a host that does not resolve', NO_HOST, BUSY, LIMITS, false],
    ['counts a server error', SERVER_ERROR, BUSY, LIMITS, false],
    ['excuses no good check', { ...TIMED_OUT, ok: true, error: null, cause: null }, BUSY, LIMITS, false],
    ['excuses no check without a probe', NOT_PROBED, BUSY, LIMITS, false],
  ])('%s', (_, check, vitals, limits, expected) => {
    expect(isBusyNotHung(check, vitals, limits)).toBe(expected);
  });

  it('never excuses a later time-out if an earlier one is counted and no heartbeat came between', () => {
    const times = fc.nat(200_000);
    fc.assert(
      fc.property(times, times, times, fc.option(times), (ageMs, withoutProgressMs, later, progressTimeoutMs) => {
        const limits = { heartbeatTimeoutMs: 60_000, progressTimeoutMs };
        const isExcused = isBusyNotHung(TIMED_OUT, { ageMs, withoutProgressMs }, limits);
        const then = { ageMs: ageMs + later, withoutProgressMs: withoutProgressMs + later };
        if (!isExcused) expect(isBusyNotHung(TIMED_OUT, then, limits)).toBe(false);
        if (isExcused) expect(ageMs).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});
