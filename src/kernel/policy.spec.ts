import { accepts } from '../../test/support/definitions';

describe('policy', () => {
  it.each([
    'healthIntervalSeconds',
    'healthTimeoutSeconds',
    'startupGraceSeconds',
    'heartbeatTimeoutSeconds',
    'verifySeconds',
    'stableSeconds',
    'backoffBaseSeconds',
    'backoffMaxSeconds',
    'restartDelaySeconds',
    'circuitFailureThreshold',
    'circuitFailuresPerHour',
    'circuitCooldownSeconds',
    'killTimeoutSeconds',
    'escalationReminderHours',
    'progressTimeoutSeconds',
    'tokenBudget',
    'tokenBudgetWindowSeconds',
    'idleStopSeconds',
    'selfFailingSeconds',
  ])('accepts %s', (member) => {
    expect(accepts({ policy: { [member]: 7 } })).toBe(true);
  });

  it('accepts only true or false for otel', () => {
    expect([true, false, 1].map((otel) => accepts({ policy: { otel } }))).toEqual([true, true, false]);
  });
});
