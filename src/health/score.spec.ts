import * as fc from 'fast-check';
import type { CheckResult } from './check-result';
import { explain } from './explanation';
import { availabilityOf, NO_HISTORY, withCheck, withPresence, type HealthHistory } from './history';
import { errorsSignal, latencySignal, progressSignal, scoreOf, type Signals } from './score';

const check = (ok: boolean, responseMs = 5): CheckResult => ({
  ...{ ok, responseMs, statusCode: ok ? 200 : 500 },
  ...{ error: ok ? null : 'answered 500', cause: ok ? null : ('unhealthy-response' as const) },
});
const historyOf = (checks: readonly boolean[]): HealthHistory =>
  checks.reduce((history, ok) => withCheck(history, check(ok)), NO_HISTORY);
const share = () => fc.double({ min: 0, max: 1, noNaN: true });
const signals: fc.Arbitrary<Signals> = fc.record({
  ...{ availability: share(), latency: share(), errors: share(), progress: share() },
});
const PERFECT: Signals = { availability: 1, latency: 1, errors: 1, progress: 1 };

describe('the score', () => {
  it('is over 80 after one good check of a fresh agent', () => {
    const history = withCheck(NO_HISTORY, check(true));
    const given = { ...PERFECT, errors: errorsSignal(history), latency: latencySignal(history, 5_000) };
    expect(scoreOf(given, false)).toBe(100);
  });

  it('is an integer, at least 50 until the verdict is failing, and at most 40 from then on', () => {
    fc.assert(
      fc.property(signals, (given) => {
        const [well, failing] = [scoreOf(given, false), scoreOf(given, true)];
        expect([well, failing].every(Number.isInteger)).toBe(true);
        expect(well).toBeGreaterThanOrEqual(50);
        expect(well).toBeLessThanOrEqual(100);
        expect(failing).toBeGreaterThanOrEqual(0);
        expect(failing).toBeLessThanOrEqual(40);
      }),
    );
  });

  it('is 50 to 60 while the check is misconfigured, unless the verdict is failing', () => {
    fc.assert(
      fc.property(signals, (given) => {
        expect(scoreOf(given, false, true)).toBe(Math.min(60, scoreOf(given, false)));
        expect(scoreOf(given, true, true)).toBe(scoreOf(given, true));
      }),
    );
  });

  it('never falls when a signal rises', () => {
    const names = ['availability', 'latency', 'errors', 'progress'] as const;
    fc.assert(
      fc.property(signals, fc.constantFrom(...names), share(), fc.boolean(), (given, name, other, isFailing) => {
        const better = { ...given, [name]: Math.max(given[name], other) };
        expect(scoreOf(better, isFailing)).toBeGreaterThanOrEqual(scoreOf(given, isFailing));
      }),
    );
  });
});

describe('the errors signal', () => {
  it.each([
    ['1 without checks', [], 1],
    ['1 if all are good', [true, true], 1],
    ['0 if all failed', [false, false], 0],
  ])('is %s', (_, checks, signal) => {
    expect(errorsSignal(historyOf(checks))).toBe(signal);
  });

  it('weighs newer checks more', () => {
    expect(errorsSignal(historyOf([false, true, true]))).toBeGreaterThan(errorsSignal(historyOf([true, true, false])));
  });

  it('never falls when a good check replaces a failed one', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), fc.nat(), (checks, pick) => {
        const better = checks.with(pick % checks.length, true);
        expect(errorsSignal(historyOf(better))).toBeGreaterThanOrEqual(errorsSignal(historyOf(checks)));
      }),
    );
  });

  it('considers the last twenty checks', () => {
    expect(errorsSignal(historyOf([...Array<boolean>(5).fill(false), ...Array<boolean>(20).fill(true)]))).toBe(1);
  });
});

describe('the latency signal', () => {
  const of = (responseMs: number) => latencySignal(withCheck(NO_HISTORY, check(true, responseMs)), 5_000);

  it('is 1 up to 200 ms, 0.5 at the geometric mean, and 0 at the timeout', () => {
    expect([of(0), of(200), of(5_000), of(9_000)]).toEqual([1, 1, 0, 0]);
    expect(of(Math.sqrt(200 * 5_000))).toBeCloseTo(0.5);
  });

  it('never rises when an answer is slower', () => {
    const time = fc.double({ min: 0, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(time, time, (one, other) => {
        expect(of(Math.max(one, other))).toBeLessThanOrEqual(of(Math.min(one, other)));
      }),
    );
  });

  it('is 0 without an answer, and 1 without a probe', () => {
    const silent: CheckResult = { ok: false, responseMs: 9, statusCode: null, error: 'x', cause: 'hung' };
    expect([latencySignal(withCheck(NO_HISTORY, silent), 5_000), latencySignal(NO_HISTORY, 5_000)]).toEqual([0, 1]);
  });
});

describe('the progress signal', () => {
  it.each([
    ['ok', false, 1],
    [null, false, 1],
    ['degraded', false, 0.5],
    ['failing', false, 0],
    ['ok', true, 0],
  ] as const)('for status %s, stuck %s is %d', (status, isStuck, signal) => {
    expect(progressSignal(status, isStuck)).toBe(signal);
  });
});

describe('availability', () => {
  const MINUTE = 60_000;

  it('is the share of the time in which the agent should run that it was up', () => {
    let history = withPresence(NO_HISTORY, 'up', 0);
    history = withPresence(history, 'down', 3 * MINUTE);
    history = withPresence(history, 'up', 4 * MINUTE);
    expect(availabilityOf(history, 5 * MINUTE)).toBeCloseTo(0.8);
  });

  it('ignores the time in which the agent was stopped', () => {
    let history = withPresence(NO_HISTORY, 'up', 0);
    history = withPresence(history, 'off', MINUTE);
    history = withPresence(history, 'up', 9 * MINUTE);
    expect(availabilityOf(history, 10 * MINUTE)).toBe(1);
  });

  it('ignores what is older than ten minutes, and keeps few entries', () => {
    let history = withPresence(NO_HISTORY, 'down', 0);
    history = withPresence(history, 'up', MINUTE);
    expect(availabilityOf(history, 12 * MINUTE)).toBe(1);
    for (let minute = 2; minute < 200; minute += 1) {
      history = withPresence(history, minute % 2 === 0 ? 'down' : 'up', minute * MINUTE);
    }
    expect(history.presence.length).toBeLessThan(14);
  });

  it('is always from 0 to 1', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('up', 'down', 'off'), fc.integer({ min: 1, max: 400_000 })));
    fc.assert(
      fc.property(steps, (given) => {
        let now = 0;
        let history = NO_HISTORY;
        for (const [presence, pause] of given) {
          history = withPresence(history, presence, now);
          now += pause;
        }
        const availability = availabilityOf(history, now);
        expect(availability).toBeGreaterThanOrEqual(0);
        expect(availability).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('the explanation', () => {
  it.each([
    ['No problem found.', { signals: PERFECT }],
    ['it has no health URL', { signals: PERFECT, isWatchedInside: false }],
    ['90 % of the last ten minutes', { signals: { ...PERFECT, availability: 0.9 } }],
    ['20 % of its recent checks failed', { signals: { ...PERFECT, errors: 0.8 } }],
    ['It answers slowly', { signals: { ...PERFECT, latency: 0.4 } }],
    ['The latest check failed: answered 500', { signals: PERFECT, error: 'answered 500' }],
    ['the heartbeats report busy with progress', { signals: PERFECT, error: 'no answer', isBusy: true }],
    [
      'Its health check is misconfigured (answered 401), so its health is unknown: Set healthHeaders.',
      { signals: PERFECT, error: 'answered 401', advice: 'Set healthHeaders.' },
    ],
    ['It redirects to http://other', { signals: PERFECT, remark: 'it redirects to http://other' }],
  ])('contains: %s', (text, facts) => {
    expect(explain({ failing: null, error: null, isWatchedInside: true, isBusy: false, ...facts })).toContain(text);
  });
});
