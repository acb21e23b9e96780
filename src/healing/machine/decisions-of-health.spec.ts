import { seededRandom } from '../../../test/support/seeded';
import { CRASH, expectStory, KILLED, POLICY, Story, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { diagnosisOf, type FailureCause } from '../../kernel';

const found = (cause: FailureCause) => diagnosisOf(cause, `it is ${cause}`);
const toldOf = (story: Story) =>
  story.effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news.kind] : []));

describe('what a diagnosis leads to', () => {
  it.each(['missing-dependency', 'configuration', 'credentials'] as const)('%s: halted at once, told', (cause) => {
    const story = new Story().isUp().finds(found(cause)).exits();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1' });
    expect(toldOf(story)).toEqual(['escalated']);
    expect(story.situation.state.diagnosis?.diagnosis.cause).toBe(cause);
  });

  it.each(['network', 'rate-limited'] as const)('%s: a long delay, not counted', (cause) => {
    const story = new Story().isUp().finds(found(cause)).exits();
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 0' });
    expect(story.dueInMs).toBeGreaterThanOrEqual(22_500);
    expect(story.dueInMs).toBeLessThanOrEqual(37_500);
  });

  it('what waits again and again is told once, and goes on', () => {
    const story = new Story({}, seededRandom(1)).isUp().finds(found('network')).exits();
    const told: string[] = toldOf(story);
    for (let count = 0; count < 12; count += 1) {
      story.deadlineComes().launchSucceeds().exits();
      told.push(...toldOf(story));
      expect(story.dueInMs).toBeLessThanOrEqual(POLICY.backoffMaxMs);
    }
    expect(told).toEqual(['escalated']);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 0' });
  });

  it('a trial that ends by an outside cause is OPEN again for the same time', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds();
    expectStory(story.finds(found('network')).exits(), {
      ...{ phase: 'down, halted', circuit: 'OPEN 1', dueInMs: POLICY.circuit.cooldownMs },
    });
  });

  it('a port in use: what earlier runs left is ended before the next try', () => {
    const story = new Story().isUp().finds(found('port-in-use')).exits();
    expect(story.launch.launch.afterSweeps).toBe(true);
    expect(new Story().isUp().exits().launch.launch.afterSweeps).toBe(false);
  });

  it('in a fleet incident exits are restarted, spread over up to a minute', () => {
    const delays = Array.from({ length: 50 }, (_, seed) => {
      const story = new Story({ isFleetIncident: true }, seededRandom(seed)).isUp().exits();
      return story.dueInMs ?? 0;
    });
    expect(Math.max(...delays)).toBeGreaterThan(40_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
    expect(Math.min(...delays)).toBeLessThan(10_000);
  });
});

describe('who is told', () => {
  const tripped = () => new Story(TRIPS_AT_ONCE).isUp().exits();

  it('one message an incident, one when it is over', () => {
    const story = tripped();
    expect(toldOf(story)).toEqual(['escalated']);
    expect(toldOf(story.deadlineComes().launchSucceeds().exits())).toEqual([]);
    story.deadlineComes().launchSucceeds().deadlineComes().deadlineComes();
    expectStory(story, { phase: 'running, stable' });
    expect(toldOf(story)).toEqual(['recovered']);
  });

  it('nobody of one of many that fail by one outside cause: of that one message tells', () => {
    const many = new Story({ isFleetIncident: true }).isUp();
    const story = many.finds(found('credentials')).exits();
    expectStory(story, { phase: 'down, halted' });
    expect([toldOf(story), story.records.includes('recovery.escalated')]).toEqual([[], true]);
    expect(toldOf(new Story({ isFleetIncident: true, ...TRIPS_AT_ONCE }).isUp().exits())).toEqual(['escalated']);
  });

  it('nobody of an end, where nobody was told of the incident', () => {
    expect(toldOf(new Story().isUp().exits().launchSucceeds().becomesStable())).toEqual([]);
  });

  it.each([
    ['a stop', (story: Story) => story.asksStop()],
    ['a reset', (story: Story) => story.asksReset()],
  ] as const)('nothing more after %s by a person', (_, act) => {
    expect(toldOf(act(tripped()))).toEqual(['closed']);
  });
});

/** Lives for so long after each start, is verified and stable where there is time, and dies; until it is halted. */
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

describe('loops', () => {
  const STABLE_AFTER = POLICY.verifyMs + POLICY.stableMs;

  it.each([
    ['every 1.5 s, for ever (supervisord and PM2 never notice)', 1_500],
    ['every 90 s, for ever', 90_000],
    ['18 s after it was stable, 60 times (PM2 takes all of them)', STABLE_AFTER + 18_000],
    ['just after it was verified', POLICY.verifyMs + 1_000],
    ['just before it is stable', STABLE_AFTER - 1],
  ])('a death %s trips', (_, lifeMs) => {
    expectStory(diesAfter(lifeMs, 60), { phase: 'down, halted' });
  });

  it('slow restarts below both limits never trip (OTP)', () => {
    expectStory(diesAfter(4 * 60_000, 60), { phase: 'verifying' });
  });

  it('delays grow beyond the base (Nomad), and a restart by hand is immediate and not counted', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits().deadlineComes().launchSucceeds().exits();
    expect(story.dueInMs).toBeGreaterThan(POLICY.backoffBaseMs);
    expectStory(story.asksRestart(), { phase: 'starting', circuit: 'CLOSED 3', attempt: 2 });
  });

  it("an operator's stop beats the policy (Nomad), in back-off too (supervisord)", () => {
    const story = new Story().isUp().exits().launchSucceeds().exits();
    expectStory(story, { phase: 'down, backing-off' });
    expectStory(story.asksStop(), { phase: 'stopped', desired: 'stopped', dueInMs: null });
  });

  it('the count outlives us (pitchfork)', () => {
    const story = new Story().isUp().exits(KILLED).launchSucceeds().exits(KILLED).supervisorRestarts();
    expectStory(story, { circuit: 'CLOSED 2', attempt: 1 });
  });
});
