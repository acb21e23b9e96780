import {
  CLEAN_EXIT,
  expectStory,
  KILLED,
  NO_PID,
  online,
  POLICY,
  Story,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';

describe('the chain of a recovery', () => {
  it('verified after its time, stable after another: the incident closes, count and attempt 0', () => {
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

  it('has nothing to tell where there was no incident', () => {
    const story = new Story().isUp();
    expectStory(story.deadlineComes(), { phase: 'running', records: [] });
    expectStory(story.deadlineComes(), { phase: 'running, stable', records: [] });
  });

  it('fails by an exit, whenever that comes', () => {
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
    ['stopping in vain', () => new Story().isUp().asksStop().killEnds(false)],
    ['acted upon in a shell', () => new Story().isUp().exits(KILLED, true)],
    ['without its daemon', () => new Story().isUp().daemonIsEnded()],
  ];

  it.each(waiting)('that comes early does nothing while it is %s', (_, play) => {
    const story = play();
    const before = story.situation;
    story.now = (story.deadline ?? 0) - 1;
    expect(story.send({ type: 'timer' }).situation).toBe(before);
    expectStory(story, { acts: [], records: [] });
  });

  it.each(waiting)('that comes in time moves on while it is %s', (_, play) => {
    const story = play();
    const before = story.situation;
    expect(story.deadlineComes().situation).not.toEqual(before);
  });

  it('that comes twice does nothing the second time', () => {
    const story = new Story().isUp().exits().launchFails(NO_PID).deadlineComes();
    expectStory(story.send({ type: 'timer' }), { phase: 'starting', acts: [] });
  });

  it('means nothing to what waits for no time', () => {
    for (const story of [new Story(), new Story().isUp().becomesStable(), new Story().isUp().asksStop()]) {
      const before = story.situation;
      expect(story.waits(3_600_000).send({ type: 'timer' }).situation).toBe(before);
    }
  });
});

describe('after a time in which nothing ran', () => {
  it('verification and stability are waited for anew', () => {
    const verifying = new Story().isUp().waits(90_000).send({ type: 'resumed' });
    expectStory(verifying, { phase: 'verifying', dueInMs: POLICY.verifyMs });
    const running = new Story().isUp().deadlineComes().waits(90_000).send({ type: 'resumed' });
    expectStory(running, { phase: 'running', dueInMs: POLICY.stableMs });
  });

  it('what came due meanwhile is spread over a few seconds', () => {
    const backingOff = () => new Story().isUp().exits().launchFails(NO_PID);
    expectStory(backingOff().waits(90_000).send({ type: 'resumed' }), { phase: 'down, backing-off', dueInMs: 2_500 });
    const notDue = backingOff();
    const { deadline } = notDue;
    expect(notDue.send({ type: 'resumed' }).deadline).toBe(deadline);
  });

  it('what is stable stays so, and what is stopped or halted is as it was', () => {
    const plays = [
      () => new Story().isUp().becomesStable(),
      () => new Story(),
      () => new Story(TRIPS_AT_ONCE).isUp().exits(),
      () => new Story().isUp().asksStop(),
    ];
    for (const play of plays) {
      const story = play().waits(90_000);
      const before = story.situation;
      expect(story.send({ type: 'resumed' }).situation).toBe(before);
    }
  });

  it('the operator in a shell gets the whole time again', () => {
    const story = new Story().isUp().exits(CLEAN_EXIT, true).waits(90_000).send({ type: 'resumed' });
    expectStory(story, { phase: 'down, operator-acting', dueInMs: 2_000 });
  });

  it('frozen for 90 s: no restart and no failure of what lives', () => {
    const story = new Story().isUp().waits(90_000);
    story.sees({ listed: [online(story.run)], scanned: true });
    expectStory(story.send({ type: 'resumed' }).send({ type: 'timer' }), { phase: 'verifying', acts: [] });
    expectStory(story.becomesStable(), { phase: 'running, stable', circuit: 'CLOSED 0' });
  });
});
