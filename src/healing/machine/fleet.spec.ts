import { progressOf, type FleetIncident, type FleetMember, type FleetView } from './fleet';

const ASKED_AT = 1_000_000;
const MINUTE = 60_000;
const NO_FACTS: FleetMember = { failedSince: null, well: null, failing: null, outside: null };
const FAILING: FleetMember = { ...NO_FACTS, failedSince: 1, failing: { since: 1, line: 'no answer', signalMs: 0 } };

const INCIDENT: FleetIncident = {
  ...{ id: 'incident', reason: 'health', openedAt: 0, evidence: 'no answer', affected: ['a0', 'a1', 'a2', 'a3'] },
  ...{
    calmSince: null,
    canary: { agentId: 'a0', askedAt: ASKED_AT, helped: false, signalMs: 0 },
    canaryAt: ASKED_AT + 15 * MINUTE,
  },
};

function viewOf(canary: FleetMember | null, verifiedAt: number | null, others = ['a1', 'a2', 'a3']): FleetView {
  const failing = others.map((agentId) => [agentId, FAILING] as const);
  const members = new Map<string, FleetMember>(canary === null ? failing : [['a0', canary], ...failing]);
  const facts = { verifiedAt: () => verifiedAt, canRestart: (agentId: string) => agentId !== 'external' };
  return { members, running: 4, incident: INCIDENT, laggedAt: null, ...facts };
}

describe('a canary', () => {
  const good = (since: number, until = since): FleetMember => ({ ...NO_FACTS, well: { since, until } });

  it.each<readonly [string, boolean, FleetMember | null, number | null]>([
    ['that is not restarted yet has not', false, FAILING, null],
    ['that is being restarted, without a process or a verdict, has not', false, NO_FACTS, null],
    ['that is unknown has not', false, null, null],
    ['that is up again, before any good check, has not', false, NO_FACTS, null],
    ['whose first check was good has not', false, good(ASKED_AT + 2), null],
    ['that is verified has', true, good(ASKED_AT + 2), ASKED_AT + 12],
    ['that was verified before its restart has not', false, good(ASKED_AT + 2), ASKED_AT - 1],
    ['whose checks were good before its restart has not', false, good(ASKED_AT - 1), ASKED_AT + 12],
    ['that was verified without any check has not', false, NO_FACTS, ASKED_AT + 12],
    ['that was verified and fails again has not', false, FAILING, ASKED_AT + 12],
  ])('%s helped: %s', (_what, helped, member, verifiedAt) => {
    const progress = progressOf(viewOf(member, verifiedAt), INCIDENT, ASKED_AT + MINUTE);
    expect(progress).toMatchObject({ kind: 'goes-on', incident: { canary: { agentId: 'a0', helped } } });
  });

  it('that has helped stays the canary, and one that has not within five minutes is dropped', () => {
    const verified = viewOf(good(ASKED_AT + 2), ASKED_AT + 12);
    const canary = { agentId: 'a0', askedAt: ASKED_AT, helped: true, signalMs: 0 };
    const later = ASKED_AT + 6 * MINUTE;
    expect(progressOf(verified, { ...INCIDENT, canary }, later)).toMatchObject({ incident: { canary } });
    expect(progressOf(viewOf(NO_FACTS, null), INCIDENT, later)).toMatchObject({ incident: { canary: null } });
  });

  describe('whose fault shows only after two minutes', () => {
    const canary = { agentId: 'a0', askedAt: ASKED_AT, helped: false, signalMs: 2 * MINUTE };
    const incident = { ...INCIDENT, canary };
    const GOOD_AT = ASKED_AT + 2;

    it.each<readonly [string, boolean, number]>([
      ['has not helped when it is verified', false, GOOD_AT + 15_000],
      ['has not helped before the fault can show', false, GOOD_AT + 2 * MINUTE - 1],
      ['has helped when a check is good after that', true, GOOD_AT + 2 * MINUTE],
    ])('%s', (_, helped, until) => {
      const view = viewOf(good(GOOD_AT, until), ASKED_AT + 12);
      const progress = progressOf(view, incident, ASKED_AT + 3 * MINUTE);
      expect(progress).toMatchObject({ incident: { canary: { helped } } });
    });

    it('has five minutes more than that to recover', () => {
      const view = viewOf(NO_FACTS, null);
      expect(progressOf(view, incident, ASKED_AT + 7 * MINUTE)).toMatchObject({ incident: { canary } });
      expect(progressOf(view, incident, ASKED_AT + 7 * MINUTE + 1)).toMatchObject({ incident: { canary: null } });
    });
  });

  it('is an agent that healing can restart, and gets the time that its fault needs to show', () => {
    const failing = { since: 1, line: 'no heartbeat', signalMs: 60_000 };
    const view = viewOf(null, null, ['external']);
    const members = new Map([...view.members, ['a1', { ...FAILING, failing }]]);
    const incident = { ...INCIDENT, affected: ['external', 'a1'], canary: null };
    const now = INCIDENT.canaryAt;
    const asked = { agentId: 'a1', askedAt: now, helped: false, signalMs: 60_000 };
    expect(progressOf({ ...view, members }, incident, now)).toMatchObject({
      ...{ canaryAsked: 'a1', incident: { canary: asked } },
    });
    expect(progressOf(view, incident, now)).toMatchObject({ canaryAsked: null, incident: { canary: null } });
  });
});
