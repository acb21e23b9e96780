import { ANSWERED_500, HUNG, KILLED, NO_PID, TRIPS_AT_ONCE } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

const REASON = 'a caller requested a recovery';
const asksRecovery = (story: Story) => story.send({ type: 'recovery-asked', reason: REASON });
const backingOff = () => new Story().isUp().exits().launchSucceeds().waits(1).exits();
const unhealthy = () => new Story().isUp().isChecked({ problem: ANSWERED_500, failing: HUNG, mayAct: false });

describe('a requested recovery', () => {
  it('makes the pending launch of healing now and records its origin', () => {
    const planned = backingOff();
    const { phase } = planned.machineState.state;
    const launch = phase.kind === 'down' ? phase.launch : null;
    const story = asksRecovery(planned);
    expectStory(story, { phase: 'starting', acts: ['launch'], records: ['recovery.attempted'], attempt: 1 });
    expect(story.launch.launch).toMatchObject({ ...launch, by: 'recovery', reason: REASON, fallback: null });
    story.launchSucceeds();
    expect(story.effects).toContainEqual(
      expect.objectContaining({ event: 'agent.spawned', data: expect.objectContaining({ by: 'recovery' }) as object }),
    );
    expectStory(story, { phase: 'verifying', attempt: 2, answers: ['up: done'] });
  });

  it('restarts an unhealthy agent', () => {
    const story = asksRecovery(unhealthy());
    expectStory(story, { phase: 'stopping, then start', acts: ['kill run 1001'], desired: 'running' });
    expect(story.killEnds().launch.launch).toMatchObject({ by: 'recovery', reason: REASON, kind: 'restart' });
  });

  it('leaves a healthy agent alone and joins a launch in progress', () => {
    expectStory(asksRecovery(new Story().isUp()), { phase: 'verifying', acts: [], answers: ['up: done'] });
    const story = asksRecovery(new Story().asksStart());
    expectStory(story, { phase: 'starting', acts: [], answers: [] });
    expectStory(story.launchSucceeds(), { answers: ['up: done'] });
  });

  it('is counted like any restart by healing if it fails', () => {
    const story = asksRecovery(backingOff()).launchFails(NO_PID);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 3' });
    expect(story.answers).toContain('up: launch-failed');
  });

  it('leaves a delayed restart by a caller alone', () => {
    const story = asksRecovery(new Story().isUp().asksRestart(10_000).killEnds().waits(1_000));
    expectStory(story, { phase: 'down, restart-delay', dueInMs: 9_000, acts: [], answers: [] });
  });

  it.each<readonly [string, () => Story]>([
    ['stopped', () => new Story().isUp().asksStop().killEnds()],
    ['being stopped', () => new Story().isUp().asksStop()],
    ['halted', () => new Story(TRIPS_AT_ONCE).isUp().exits()],
    ['acted on in a shell', () => new Story().isUp().exits(KILLED, true)],
    ['killed with its daemon', () => new Story().isUp().daemonIsEnded()],
    ['paused', () => backingOff().send({ type: 'pause-asked', until: Infinity })],
  ])('never touches an agent that is %s', (_what, play) => {
    const story = play();
    const before = story.machineState;
    asksRecovery(story);
    expect(story.machineState).toBe(before);
    expectStory(story, { acts: [], answers: ['up: operation-in-progress'] });
  });

  it.each<readonly [string, (story: Story) => Story, string]>([
    ['a circuit that is opened by hand', (story) => story.tripsByHand().launchFails(NO_PID), 'down, halted'],
    ['pm2 kill', (story) => story.daemonIsEnded(), 'down, daemon-ended'],
  ])('gives way to %s', (_what, play, phase) => {
    expectStory(play(asksRecovery(backingOff())), { phase });
  });

  it('waits for the end of a pause that superseded it', () => {
    const story = asksRecovery(unhealthy())
      .send({ type: 'pause-asked', until: unhealthy().now + 60_000 })
      .killEnds();
    expectStory(story, { phase: 'down, backing-off', dueInMs: 60_000, acts: [] });
    expect(story.answers).toContain('up: operation-in-progress');
  });
});
