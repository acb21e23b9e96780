import { AgentHealth } from './agent-health';
import type { CheckResult } from './check-result';
import { verdictOf, type Standing } from './verdict';

const GOOD: CheckResult = { ok: true, responseMs: 1, statusCode: 200, error: null, cause: null };
const HUNG: CheckResult = { ok: false, responseMs: 100, statusCode: null, error: 'no answer', cause: 'hung' };
const LOCKED: CheckResult = {
  ...GOOD,
  ok: false,
  statusCode: 401,
  error: '401',
  misconfigured: { advice: 'Set healthHeaders.', setup: 's' },
};
const COUNTED = { withinGrace: false, isBusy: false };
const STANDING: Standing = {
  ...{ heartbeatAgeMs: null, heartbeatTimeoutMs: 60_000, withoutProgressMs: null, progressTimeoutMs: null, task: null },
  ...{ tokens: null, memory: null, selfFailing: null },
};

/** Notes checks in order, and returns true if they make a verdict. */
function fails(...checks: readonly (readonly [CheckResult, { withinGrace: boolean; isBusy: boolean }])[]): boolean {
  const health = new AgentHealth();
  for (const [check, circumstance] of checks) health.noteCheck(check, circumstance);
  return verdictOf(health.history, STANDING) !== null;
}

describe('the checks of an agent', () => {
  const hung = [HUNG, COUNTED] as const;

  it('make a verdict after three timeouts in a row', () => {
    expect(fails([GOOD, COUNTED], hung, hung, hung)).toBe(true);
  });

  it.each<[string, readonly [CheckResult, typeof COUNTED]]>([
    ['an answer of a misconfigured check', [LOCKED, COUNTED]],
    ['a timeout while it is busy with progress', [HUNG, { withinGrace: false, isBusy: true }]],
  ])('make no verdict of timeouts with %s between each two', (_, between) => {
    const checks = Array.from({ length: 12 }, () => [between, hung, between]).flat();
    expect(fails([GOOD, COUNTED], ...checks)).toBe(false);
  });

  it('do not count within the startup grace', () => {
    const early = [HUNG, { withinGrace: true, isBusy: false }] as const;
    expect(fails(early, early, early, hung, hung)).toBe(false);
  });
});
