import { seededRandom } from '../../../test/support/seeded';
import { CRASH, KILLED, POLICY, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import { diagnosisOf, type FailureCause } from '../../kernel';

const found = (cause: FailureCause) => diagnosisOf(cause, `it is ${cause}`);
const notificationsOf = (story: Story) =>
  story.effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news.kind] : []));

describe('a diagnosis', () => {
  it.each(['missing-dependency', 'configuration', 'credentials'] as const)(
    'of %s halts the agent at once and notifies the operator',
    (cause) => {
      const story = new Story().isUp().finds(found(cause)).exits();
      expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1' });
      expect(notificationsOf(story)).toEqual(['escalated']);
      expect(story.machineState.state.diagnosis?.diagnosis.cause).toBe(cause);
    },
  );

  it.each(['network', 'rate-limited'] as const)('of %s delays the restart and is not counted', (cause) => {
    const story = new Story().isUp().finds(found(cause)).exits();
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 0' });
    expect(story.dueInMs).toBeGreaterThanOrEqual(22_500);
    expect(story.dueInMs).toBeLessThanOrEqual(37_500);
  });

  it('of an external cause, again and again, is notified once while restarts continue', () => {
    const story = new Story({}, seededRandom(1)).isUp().finds(found('network')).exits();
    const notifications: string[] = notificationsOf(story);
    for (let count = 0; count < 12; count += 1) {
      story.deadlineComes().launchSucceeds().exits();
      notifications.push(...notificationsOf(story));
      expect(story.dueInMs).toBeLessThanOrEqual(POLICY.backoffMaxMs);
    }
    expect(notifications).toEqual(['escalated']);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 0' });
  });

  it('of an external cause in a trial opens the circuit for the same cool-down', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds();
    expectStory(story.finds(found('network')).exits(), {
      ...{ phase: 'down, halted', circuit: 'OPEN 1', dueInMs: POLICY.circuit.cooldownMs },
    });
  });

  it('of port-in-use kills the descendants of earlier runs before the next launch', () => {
    const story = new Story().isUp().finds(found('port-in-use')).exits();
    expect(story.launch.launch.afterSweeps).toBe(true);
    expect(new Story().isUp().exits().launch.launch.afterSweeps).toBe(false);
  });

  it('in a fleet incident spreads the restarts over up to a minute', () => {
    const delays = Array.from({ length: 50 }, (_, seed) => {
      const story = new Story({ isFleetIncident: true }, seededRandom(seed)).isUp().exits();
      return story.dueInMs ?? 0;
    });
    expect(Math.max(...delays)).toBeGreaterThan(40_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
    expect(Math.min(...delays)).toBeLessThan(10_000);
  });
});

describe('the operator', () => {
  const tripped = () => new Story(TRIPS_AT_ONCE).isUp().exits();

  it('is notified once an incident and once of its end', () => {
    const story = tripped();
    expect(notificationsOf(story)).toEqual(['escalated']);
    expect(notificationsOf(story.deadlineComes().launchSucceeds().exits())).toEqual([]);
    story.deadlineComes().launchSucceeds().deadlineComes().deadlineComes();
    expectStory(story, { phase: 'running, stable' });
    expect(notificationsOf(story)).toEqual(['recovered']);
  });

  it('is not notified of a single agent in a fleet incident with an external cause', () => {
    const many = new Story({ isFleetIncident: true }).isUp();
    const story = many.finds(found('credentials')).exits();
    expectStory(story, { phase: 'down, halted' });
    expect([notificationsOf(story), story.records.includes('recovery.escalated')]).toEqual([[], true]);
    expect(notificationsOf(new Story({ isFleetIncident: true, ...TRIPS_AT_ONCE }).isUp().exits())).toEqual([
      'escalated',
    ]);
  });

  it('is not notified of the end of an incident that was not escalated', () => {
    expect(notificationsOf(new Story().isUp().exits().launchSucceeds().becomesStable())).toEqual([]);
  });

  it.each([
    ['a stop', (story: Story) => story.asksStop()],
    ['a reset', (story: Story) => story.asksReset()],
  ] as const)('is notified of nothing more after %s', (_, act) => {
    expect(notificationsOf(act(tripped()))).toEqual(['closed']);
  });
});

/**
 * Plays an agent that crashes `lifeMs` after each start, until it is halted or has crashed `times` times. Within
 * `lifeMs` it is verified and stable if time allows.
 */
function diesAfter(lifeMs: number, times: number, policy = {}): Story {
  const story = new Story(policy, seededRandom(7)).isUp();
  for (let count = 0; count < times && story.phase !== 'down, halted'; count += 1) {
    const end = story.now + lifeMs;
    while (story.deadline !== null && story.deadline <= end) story.deadlineComes();
    story.now = end;
    story.exits(CRASH);
    while (story.phase === 'down, backing-off') story.deadlineComes();
    if (story.phase === 'starting') story.launchSucceeds();
  }
  return story;
}

describe('an agent that fails in a loop', () => {
  const STABLE_AFTER = POLICY.verifyMs + POLICY.stableMs;

  it.each([
    ['every 1.5 s, forever (unnoticed by supervisord and PM2)', 1_500],
    ['every 90 s, forever', 90_000],
    ['18 s after it was stable, 60 times (PM2 restarts each time)', STABLE_AFTER + 18_000],
    ['just after it was verified', POLICY.verifyMs + 1_000],
    ['just before it is stable', STABLE_AFTER - 1],
  ])('is halted when it crashes %s', (_, lifeMs) => {
    expectStory(diesAfter(lifeMs, 60), { phase: 'down, halted' });
  });

  it('is never halted by crashes below both limits (OTP)', () => {
    expectStory(diesAfter(4 * 60_000, 60), { phase: 'verifying' });
  });

  it('waits longer than the base delay (Nomad), but is restarted at once and uncounted by the operator', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits().deadlineComes().launchSucceeds().exits();
    expect(story.dueInMs).toBeGreaterThan(POLICY.backoffBaseMs);
    expectStory(story.asksRestart(), { phase: 'starting', circuit: 'CLOSED 3', attempt: 2 });
  });

  it('is stopped by the operator during back-off too (Nomad, supervisord)', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits();
    expectStory(story, { phase: 'down, backing-off' });
    expectStory(story.asksStop().killEnds(), { phase: 'stopped', desired: 'stopped', dueInMs: null });
  });

  it('keeps its failure count over a supervisor restart (pitchfork)', () => {
    const story = new Story().isUp().exits(KILLED).launchSucceeds().exits(KILLED).supervisorRestarts();
    expectStory(story, { circuit: 'CLOSED 2', attempt: 1 });
  });
});
