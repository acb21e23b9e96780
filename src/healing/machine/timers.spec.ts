import { CLEAN_EXIT, KILLED, NO_PID, online, POLICY, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

describe('a recovery', () => {
  it('is verified, then stable, which closes the incident and resets count and attempt', () => {
    const story = new Story().isUp().exits().launchSucceeds();
    expectStory(story, { phase: 'verifying', status: 'recovering', dueInMs: POLICY.verifyMs });
    expectStory(story.deadlineComes(), {
      phase: 'running',
      status: 'running',
      dueInMs: POLICY.stableMs,
      circuit: 'CLOSED 1',
      attempt: 1,
      records: ['recovery.verified'],
    });
    expectStory(story.deadlineComes(), {
      phase: 'running, stable',
      dueInMs: null,
      circuit: 'CLOSED 0',
      attempt: null,
      records: ['agent.healthy'],
    });
  });

  it('records nothing without an incident', () => {
    const story = new Story().isUp();
    expectStory(story.deadlineComes(), { phase: 'running', records: [] });
    expectStory(story.deadlineComes(), { phase: 'running, stable', records: [] });
  });

  it('fails by an exit at any moment', () => {
    const verifying = new Story().isUp().exits().launchSucceeds().waits(9_999).exits();
    expectStory(verifying, { phase: 'down, backing-off', circuit: 'CLOSED 2', attempt: 1 });
    expect(verifying.records).toContain('recovery.failed');
  });
});

describe('a timer', () => {
  const waiting: readonly (readonly [string, () => Story])[] = [
    ['verifying', () => new Story().isUp()],
    ['running', () => new Story().isUp().deadlineComes()],
    ['in back-off', () => new Story().isUp().exits().launchFails(NO_PID)],
    ['starting, unanswered', () => new Story().asksStart().launchIsUnknown()],
    ['stopping after a failed kill', () => new Story().isUp().asksStop().killEnds(false)],
    ['acted on in a shell', () => new Story().isUp().exits(KILLED, true)],
    ['without its daemon', () => new Story().isUp().daemonIsEnded()],
  ];

  it.each(waiting)('that fires early does nothing while the agent is %s', (_, play) => {
    const story = play();
    const before = story.machineState;
    story.now = (story.deadline ?? 0) - 1;
    expect(story.send({ type: 'timer' }).machineState).toBe(before);
    expectStory(story, { acts: [], records: [] });
  });

  it.each(waiting)('that fires on time acts while the agent is %s', (_, play) => {
    const story = play();
    const before = story.machineState;
    expect(story.deadlineComes().machineState).not.toEqual(before);
  });

  it('that fires twice does nothing the second time', () => {
    const story = new Story().isUp().exits().launchFails(NO_PID).deadlineComes();
    expectStory(story.send({ type: 'timer' }), { phase: 'starting', acts: [] });
  });

  it('does nothing in a phase without a deadline', () => {
    for (const story of [new Story(), new Story().isUp().becomesStable(), new Story().isUp().asksStop()]) {
      const before = story.machineState;
      expect(story.waits(3_600_000).send({ type: 'timer' }).machineState).toBe(before);
    }
  });
});

describe('after a suspend', () => {
  it('verification and stability start again', () => {
    const verifying = new Story().isUp().waits(90_000).send({ type: 'resumed' });
    expectStory(verifying, { phase: 'verifying', dueInMs: POLICY.verifyMs });
    const running = new Story().isUp().deadlineComes().waits(90_000).send({ type: 'resumed' });
    expectStory(running, { phase: 'running', dueInMs: POLICY.stableMs });
  });

  it('due restarts are spread over a few seconds', () => {
    const backingOff = () => new Story().isUp().exits().launchFails(NO_PID);
    expectStory(backingOff().waits(90_000).send({ type: 'resumed' }), { phase: 'down, backing-off', dueInMs: 2_500 });
    const notDue = backingOff();
    const { deadline } = notDue;
    expect(notDue.send({ type: 'resumed' }).deadline).toBe(deadline);
  });

  it('a stable, stopped or halted agent is left alone', () => {
    const plays = [
      () => new Story().isUp().becomesStable(),
      () => new Story(),
      () => new Story(TRIPS_AT_ONCE).isUp().exits(),
      () => new Story().isUp().asksStop(),
    ];
    for (const play of plays) {
      const story = play().waits(90_000);
      const before = story.machineState;
      expect(story.send({ type: 'resumed' }).machineState).toBe(before);
    }
  });

  it('the operator in a shell gets the full time again', () => {
    const story = new Story().isUp().exits(CLEAN_EXIT, true).waits(90_000).send({ type: 'resumed' });
    expectStory(story, { phase: 'down, operator-acting', dueInMs: 2_000 });
  });

  it('of 90 s no live agent is restarted or counted as failed', () => {
    const story = new Story().isUp().waits(90_000);
    story.sees({ listed: [online(story.run)], scanned: true });
    expectStory(story.send({ type: 'resumed' }).send({ type: 'timer' }), { phase: 'verifying', acts: [] });
    expectStory(story.becomesStable(), { phase: 'running, stable', circuit: 'CLOSED 0' });
  });
});
