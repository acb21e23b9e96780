import {
  again,
  KILLED,
  NO_PID,
  online,
  PM2_AWAY,
  YOUNGER_DAEMON,
  TRIPS_AT_ONCE,
} from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

const crashed = () => new Story().isUp().exits();
const halted = () => new Story(TRIPS_AT_ONCE).isUp().exits();

describe('the status of an agent', () => {
  it.each<readonly [string, string, () => Story]>([
    ['stopped', 'new', () => new Story()],
    ['stopped', 'being stopped', () => new Story().isUp().asksStop()],
    ['stopped', 'stopped while halted', () => halted().asksStop()],
    ['stopped', 'stopped after pm2 kill', () => new Story().isUp().daemonIsEnded().asksStop()],
    ['starting', 'in its first launch', () => new Story().asksStart()],
    ['starting', 'up, and not yet verified', () => new Story().isUp()],
    ['starting', 'in a launch without an answer', () => new Story().asksStart().launchIsUnknown()],
    ['running', 'verified', () => new Story().isUp().deadlineComes()],
    ['running', 'stable', () => new Story().isUp().becomesStable()],
    ['running', 'adopted while up', () => new Story().sees({ listed: [online(new Story().runFor('x'))] })],
    ['recovering', 'stopped for a restart', () => new Story().isUp().asksRestart()],
    [
      'recovering',
      'restarted and not yet verified',
      () => new Story().isUp().asksRestart().killEnds().launchSucceeds(),
    ],
    ['recovering', 'started again after a crash', () => crashed()],
    ['recovering', 'up again after a crash', () => crashed().launchSucceeds()],
    ['recovering', 'up on trial', () => halted().deadlineComes().launchSucceeds()],
    ['recovering', 'lost with its daemon', () => new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true })],
    ['backing-off', 'down with a restart due', () => crashed().launchFails(NO_PID)],
    ['backing-off', 'down until PM2 answers', () => crashed().launchFails(PM2_AWAY)],
    ['backing-off', 'in the delay of a restart', () => new Story().isUp().asksRestart(5_000).killEnds()],
    ['halted', 'down with an open circuit', halted],
    ['halted', 'being killed after its circuit opened', () => new Story().isUp().tripsByHand()],
    ['halted', 'down for good', () => new Story({ restart: 'never' }).isUp().exits()],
  ])('is %s: %s', (status, _, play) => {
    expectStory(play(), { status });
  });

  it('is running again once a restart is verified', () => {
    const story = crashed().launchSucceeds();
    expectStory(story.deadlineComes(), { status: 'running' });
  });

  it('is recovering after a start in a shell within an incident', () => {
    const story = crashed();
    expectStory(story.launchIsBlocked({ listed: [again(story.run)] }), { status: 'recovering' });
  });

  it('is recovering while it should run and has not been started', () => {
    const story = new Story();
    story.machineState = { ...story.machineState, desired: 'running' };
    expectStory(story, { status: 'recovering' });
  });

  it.each<readonly [string, () => Story]>([
    ['the operator acts in a shell', () => new Story().isUp().exits(KILLED, true)],
    ['its daemon was killed on purpose', () => new Story().isUp().daemonIsEnded()],
  ])('is not backing-off if no restart is due: %s', (_, play) => {
    expect(play().status).not.toBe('backing-off');
  });
});
