import * as fc from 'fast-check';
import type { FleetIncident } from './fleet';
import { parseSavedFleetIncident, rehydrateFleetIncident } from './saved-fleet';

const INCIDENT: FleetIncident = {
  ...{ id: 'a', reason: 'health', openedAt: 5, evidence: 'answered 500', affected: ['x', 'y'], calmSince: null },
  ...{ canary: { agentId: 'x', askedAt: 9, helped: false, signalMs: 7 }, canaryAt: 10 },
};

describe('a saved fleet incident', () => {
  it.each([
    [INCIDENT],
    [{ ...INCIDENT, reason: 'outside', canary: null }],
    [{ ...INCIDENT, reason: 'own-lag', calmSince: 7 }],
    [null],
  ])('is restored unchanged', (incident) => {
    expect(parseSavedFleetIncident(JSON.parse(JSON.stringify(incident)))).toEqual({ value: incident, faults: [] });
  });

  it('of an older version is restored', () => {
    const canary = { agentId: 'x', askedAt: 9, helped: false };
    const { value } = parseSavedFleetIncident({ ...INCIDENT, canary });
    expect(value?.canary).toEqual({ ...canary, signalMs: 0 });
  });

  it('is dropped if it is invalid, and the invalid members are named', () => {
    const { value, faults } = parseSavedFleetIncident({ ...INCIDENT, canary: { agentId: 'x', askedAt: 'yesterday' } });
    expect(value).toBeNull();
    expect(faults.map(({ pointer }) => pointer)).toEqual(['/canary/askedAt', '/canary/helped']);
    expect(JSON.stringify(faults)).not.toContain('yesterday');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(parseSavedFleetIncident(json).value === null).toBe(true);
      }),
    );
  });
});

describe('a rehydrated fleet incident', () => {
  const NOW = 10_000_000;
  const MINUTE = 60_000;
  const canary = (askedAt: number, helped: boolean) => ({ agentId: 'x', askedAt, helped, signalMs: 7 });
  const SAVED: FleetIncident = { ...INCIDENT, openedAt: NOW - MINUTE, canary: null, canaryAt: NOW + MINUTE };

  it.each<readonly [string, Partial<FleetIncident>, Partial<FleetIncident>]>([
    ['keeps plausible times', {}, {}],
    ['is not calm, because no check has been made yet', { calmSince: NOW - 10 * MINUTE }, { calmSince: null }],
    ['is not calm since a future time', { calmSince: NOW + 60 * MINUTE }, { calmSince: null }],
    ['opened no later than now', { openedAt: NOW + 60 * MINUTE }, { openedAt: NOW }],
    ['has no canary due in the past', { canaryAt: 5 }, { canaryAt: NOW }],
    ['waits for a canary no longer than 15 minutes', { canaryAt: NOW + 75 * MINUTE }, { canaryAt: NOW + 15 * MINUTE }],
    ['gives a canary its full time again', { canary: canary(5, false) }, { canary: canary(NOW, false) }],
    [
      'does not wait for a canary of the future',
      { canary: canary(NOW + MINUTE, false) },
      { canary: canary(NOW, false) },
    ],
    ['remembers that its canary helped', { canary: canary(5, true) }, { canary: canary(5, true) }],
  ])('%s', (_, saved, revived) => {
    expect(rehydrateFleetIncident({ ...SAVED, ...saved }, NOW)).toEqual({ ...SAVED, ...revived });
  });
});
