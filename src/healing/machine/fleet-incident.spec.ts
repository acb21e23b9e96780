import { CANARY_AFTER_MS, mayActOn, openFleetIncident, progressOf } from './fleet';
import type { FleetIncident, FleetMember, FleetReason, FleetView } from './fleet';

const NOW = 10_000_000;
const MINUTE = 60_000;
const WELL: FleetMember = { failedSince: null, well: null, failing: null, outside: null };

const failing = (since = NOW, line = 'no answer', signalMs = 0): FleetMember => {
  return { ...WELL, failedSince: since, failing: { since, line, signalMs } };
};
const failed = (failedSince: number): FleetMember => ({ ...WELL, failedSince });
const outside = (at = NOW, line = 'ECONNREFUSED'): FleetMember => ({
  ...WELL,
  outside: { cause: 'network', at, line },
});
const named = (members: readonly FleetMember[]) => new Map(members.map((member, index) => [`a${index}`, member]));
const times = (count: number, make: () => FleetMember) => Array.from({ length: count }, make);

const viewOf = (members: readonly FleetMember[], changes: Partial<FleetView> = {}): FleetView => {
  const facts = { running: 20, incident: null, laggedAt: null, verifiedAt: () => null, canRestart: () => true };
  return { members: named(members), ...facts, ...changes };
};

const incidentOf = (reason: FleetReason, changes: Partial<FleetIncident> = {}): FleetIncident => ({
  ...{ id: 'id', reason, openedAt: NOW, evidence: 'x', affected: ['a0', 'a1', 'a2', 'a3'], calmSince: null },
  ...{ canary: null, canaryAt: NOW + CANARY_AFTER_MS },
  ...changes,
});

describe('a fleet incident begins', () => {
  const open = (view: FleetView) => openFleetIncident(view, NOW, () => 'id');

  it('with the evidence that most agents share, and with the agents that have it', () => {
    const members = [
      failing(NOW, 'a'),
      failing(NOW, 'b'),
      failing(NOW, 'b'),
      WELL,
      failing(NOW, 'b'),
      failing(NOW, 'c'),
    ];
    expect(open(viewOf(members))).toEqual({
      ...incidentOf('health'),
      ...{ evidence: 'b', affected: ['a0', 'a1', 'a2', 'a4', 'a5'] },
    });
  });

  it('by an external cause, which it names before the shared line', () => {
    const members = [outside(NOW, 'a'), ...times(4, () => outside(NOW, 'b'))];
    expect(open(viewOf(members))).toMatchObject({ reason: 'outside', evidence: 'network: b', affected: { length: 5 } });
  });

  it('by a lag of the event loop, with no agent', () => {
    const incident = open(viewOf(times(4, failing), { laggedAt: NOW }));
    expect(incident).toMatchObject({ reason: 'own-lag', affected: [] });
    expect(incident?.evidence).toContain('event loop');
  });

  it.each<readonly [string, boolean, () => FleetMember]>([
    ['verdicts', true, () => failing(NOW - MINUTE + 1)],
    ['verdicts', false, () => failing(NOW - MINUTE)],
    ['exits', true, () => outside(NOW - MINUTE + 1)],
    ['exits', false, () => outside(NOW - MINUTE)],
  ])('by %s of the last minute only: %s', (_, begins, make) => {
    expect(open(viewOf(times(5, make))) !== null).toBe(begins);
  });

  it('never while one is open', () => {
    expect(open(viewOf(times(5, failing), { incident: incidentOf('health') }))).toBeNull();
  });
});

describe('a verdict may be acted on', () => {
  it.each<readonly [string, boolean, readonly FleetMember[]]>([
    ['while few others fail', true, times(4, failing)],
    ['unless as many fail as make an incident', false, times(5, failing)],
    ['unless as many have begun to fail', false, times(5, () => failed(NOW - 2 * MINUTE + 1))],
    ['if they began more than two minutes ago', true, times(5, () => failed(NOW - 2 * MINUTE))],
    [
      'if their verdicts are older than a minute',
      true,
      times(5, () => ({ ...failing(NOW - MINUTE), failedSince: null })),
    ],
    ['unless their verdicts are younger', false, times(5, () => ({ ...failing(NOW - MINUTE + 1), failedSince: null }))],
    ['while no other is known', true, [failing()]],
  ])('%s (%s)', (_, mayAct, members) => {
    expect(mayActOn(viewOf(members), 'a0', NOW)).toBe(mayAct);
  });

  it('only after a look back as far as its own fault needs to become a verdict', () => {
    const slow = failing(NOW, 'no heartbeat', MINUTE);
    expect(mayActOn(viewOf([slow, ...times(4, () => failed(NOW - 3 * MINUTE + 1))]), 'a0', NOW)).toBe(false);
    expect(mayActOn(viewOf([slow, ...times(4, () => failed(NOW - 3 * MINUTE))]), 'a0', NOW)).toBe(true);
  });

  it('of an agent that is not known', () => {
    expect(mayActOn(viewOf([]), 'unknown', NOW)).toBe(true);
  });

  it('in an incident of the canary, and of all once it has helped', () => {
    const canary = { agentId: 'a0', askedAt: NOW, helped: false, signalMs: 0 };
    const acts = (incident: FleetIncident) =>
      ['a0', 'a1'].map((agentId) => mayActOn(viewOf([], { incident }), agentId, NOW));
    expect(acts(incidentOf('health'))).toEqual([false, false]);
    expect(acts(incidentOf('health', { canary }))).toEqual([true, false]);
    expect(acts(incidentOf('health', { canary: { ...canary, helped: true } }))).toEqual([true, true]);
  });
});

describe('the progress of a fleet incident', () => {
  const half = [failing(), failing(), WELL, WELL];
  const few = [failing(), WELL, WELL, WELL];

  it.each<readonly [string, FleetReason, readonly FleetMember[], number | null]>([
    ['at least half of the agents fail', 'health', half, null],
    ['fewer than half fail', 'health', few, NOW],
    ['at least half exited by it within a minute', 'outside', times(2, () => outside(NOW - MINUTE + 1)), null],
    ['fewer than half exited by it within a minute', 'outside', times(4, () => outside(NOW - MINUTE)), NOW],
    ['they fail, but exited by it long ago', 'outside', times(4, failing), NOW],
    ['none is known any more', 'outside', [], NOW],
  ])('is calm since a time or not, where %s (%s)', (_, reason, members, calmSince) => {
    expect(progressOf(viewOf(members), incidentOf(reason), NOW)).toMatchObject({ incident: { calmSince } });
  });

  it('is over after a minute of calm', () => {
    const calm = incidentOf('health', { calmSince: NOW });
    expect(progressOf(viewOf(few), calm, NOW + MINUTE - 1)).toMatchObject({ incident: { calmSince: NOW } });
    expect(progressOf(viewOf(few), calm, NOW + MINUTE)).toEqual({ kind: 'over' });
    expect(progressOf(viewOf(half), calm, NOW + MINUTE)).toMatchObject({ incident: { calmSince: null } });
  });

  it('by a lag goes on as long as the loop lags, whatever the agents do', () => {
    const lag = incidentOf('own-lag', { calmSince: NOW - MINUTE });
    expect(progressOf(viewOf(few, { laggedAt: NOW }), lag, NOW)).toMatchObject({
      kind: 'goes-on',
      incident: { calmSince: null },
    });
    expect(progressOf(viewOf(few), lag, NOW)).toEqual({ kind: 'over' });
    expect(progressOf(viewOf(few), incidentOf('health'), NOW)).toMatchObject({ kind: 'goes-on' });
  });

  it('by health adds agents that turn failing meanwhile; by another cause it does not', () => {
    const more = [...half, WELL, failing()];
    const affected = incidentOf('health').affected;
    expect(progressOf(viewOf(more), incidentOf('health'), NOW)).toMatchObject({
      incident: { affected: [...affected, 'a5'] },
    });
    expect(progressOf(viewOf(more), incidentOf('outside'), NOW)).toMatchObject({ incident: { affected } });
  });

  it('asks for a canary when it is due, and not for the next one before another quarter of an hour', () => {
    const due = incidentOf('health', { canaryAt: NOW });
    const canary = { agentId: 'a0', askedAt: NOW, helped: false, signalMs: 0 };
    const asked = { canaryAsked: 'a0', incident: { canary, canaryAt: NOW + 15 * MINUTE } };
    expect(progressOf(viewOf(half), due, NOW)).toMatchObject(asked);
    expect(progressOf(viewOf(half), due, NOW - 1)).toMatchObject({ canaryAsked: null, incident: { canaryAt: NOW } });
    const going = { ...due, canary };
    expect(progressOf(viewOf(half), going, NOW)).toMatchObject({ canaryAsked: null, incident: { canaryAt: NOW } });
  });

  it('by another cause than health has no canary', () => {
    const due = incidentOf('outside', { canaryAt: NOW });
    expect(progressOf(viewOf(times(4, outside)), due, NOW)).toMatchObject({
      canaryAsked: null,
      incident: { canary: null },
    });
  });
});
