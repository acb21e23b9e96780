import * as fc from 'fast-check';
import type { CheckResult } from './check-result';
import { explanationOf } from './explanation';
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
  it('of one good check of a fresh agent is over 80', () => {
    const history = withCheck(NO_HISTORY, check(true));
    const given = { ...PERFECT, errors: errorsSignal(history), latency: latencySignal(history, 5_000) };
    expect(scoreOf(given, false)).toBe(100);
  });

  it('is an integer of 0 to 100; held above the line until it is failing, and far below it from then on', () => {
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

  it('never falls where a signal rises', () => {
    const names = ['availability', 'latency', 'errors', 'progress'] as const;
    fc.assert(
      fc.property(signals, fc.constantFrom(...names), share(), fc.boolean(), (given, name, other, isFailing) => {
        const better = { ...given, [name]: Math.max(given[name], other) };
        expect(scoreOf(better, isFailing)).toBeGreaterThanOrEqual(scoreOf(given, isFailing));
      }),
    );
  });
});

describe('the signal of errors', () => {
  it.each([
    ['without checks', [], 1],
    ['all good', [true, true], 1],
    ['all failed', [false, false], 0],
  ])('%s', (_, checks, signal) => {
    expect(errorsSignal(historyOf(checks))).toBe(signal);
  });

  it('weighs newer checks more', () => {
    expect(errorsSignal(historyOf([false, true, true]))).toBeGreaterThan(errorsSignal(historyOf([true, true, false])));
  });

  it('never falls where a failed check is replaced by a good one', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), fc.nat(), (checks, pick) => {
        const better = checks.with(pick % checks.length, true);
        expect(errorsSignal(historyOf(better))).toBeGreaterThanOrEqual(errorsSignal(historyOf(checks)));
      }),
    );
  });

  it('looks at the last twenty', () => {
    expect(errorsSignal(historyOf([...Array<boolean>(5).fill(false), ...Array<boolean>(20).fill(true)]))).toBe(1);
  });
});

describe('the signal of latency', () => {
  const of = (responseMs: number) => latencySignal(withCheck(NO_HISTORY, check(true, responseMs)), 5_000);

  it('is whole up to 200 ms, half at the geometric middle, and nothing at the time limit', () => {
    expect([of(0), of(200), of(5_000), of(9_000)]).toEqual([1, 1, 0, 0]);
    expect(of(Math.sqrt(200 * 5_000))).toBeCloseTo(0.5);
  });

  it('never rises where an answer is slower', () => {
    const time = fc.double({ min: 0, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(time, time, (one, other) => {
        expect(of(Math.max(one, other))).toBeLessThanOrEqual(of(Math.min(one, other)));
      }),
    );
  });

  it('is nothing where nothing answered, and whole where nothing was asked', () => {
    const silent: CheckResult = { ok: false, responseMs: 9, statusCode: null, error: 'x', cause: 'hung' };
    expect([latencySignal(withCheck(NO_HISTORY, silent), 5_000), latencySignal(NO_HISTORY, 5_000)]).toEqual([0, 1]);
  });
});

describe('the signal of progress', () => {
  it.each([
    ['ok', false, 1],
    [null, false, 1],
    ['degraded', false, 0.5],
    ['failing', false, 0],
    ['ok', true, 0],
  ] as const)('%s, stuck %s: %d', (status, isStuck, signal) => {
    expect(progressSignal(status, isStuck)).toBe(signal);
  });
});

describe('availability', () => {
  const MINUTE = 60_000;

  it('is the share of the time in which it should run that it was up', () => {
    let history = withPresence(NO_HISTORY, 'up', 0);
    history = withPresence(history, 'down', 3 * MINUTE);
    history = withPresence(history, 'up', 4 * MINUTE);
    expect(availabilityOf(history, 5 * MINUTE)).toBeCloseTo(0.8);
  });

  it('does not count the time in which it was stopped', () => {
    let history = withPresence(NO_HISTORY, 'up', 0);
    history = withPresence(history, 'off', MINUTE);
    history = withPresence(history, 'up', 9 * MINUTE);
    expect(availabilityOf(history, 10 * MINUTE)).toBe(1);
  });

  it('forgets what is older than ten minutes, and keeps little', () => {
    let history = withPresence(NO_HISTORY, 'down', 0);
    history = withPresence(history, 'up', MINUTE);
    expect(availabilityOf(history, 12 * MINUTE)).toBe(1);
    for (let minute = 2; minute < 200; minute += 1) {
      history = withPresence(history, minute % 2 === 0 ? 'down' : 'up', minute * MINUTE);
    }
    expect(history.presence.length).toBeLessThan(14);
  });

  it('is 0 to 1, whatever happened', () => {
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
    ['All is well.', { signals: PERFECT }],
    ['it has no health URL', { signals: PERFECT, isWatchedInside: false }],
    ['90 % of the last ten minutes', { signals: { ...PERFECT, availability: 0.9 } }],
    ['20 % of its recent checks failed', { signals: { ...PERFECT, errors: 0.8 } }],
    ['It answers slowly', { signals: { ...PERFECT, latency: 0.4 } }],
    ['The latest check failed: answered 500', { signals: PERFECT, error: 'answered 500' }],
  ])('says: %s', (text, facts) => {
    expect(explanationOf({ failing: null, error: null, isWatchedInside: true, ...facts })).toContain(text);
  });
});
