import {
  again,
  CLEAN_EXIT,
  DAEMON,
  ended,
  KILLED,
  NO_PID,
  YOUNGER_DAEMON,
  TRIPS_AT_ONCE,
} from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

/** An ordered exit was reported: the operator is acting in a shell. */
function actedUpon(): Story {
  return new Story().isUp().becomesStable().exits(CLEAN_EXIT, true);
}

function backingOff(): Story {
  return new Story().isUp().exits().launchFails(NO_PID);
}

describe('pm2 kill', () => {
  it.each([
    ['when it is announced', () => new Story().isUp().daemonIsEnded()],
    ['of a stable agent, when it is announced', () => new Story().isUp().becomesStable().daemonIsEnded()],
    ['after the ordered exit', () => actedUpon().daemonIsEnded()],
    ['while healing launches the agent', () => new Story().isUp().exits().daemonIsEnded()],
  ])('stops the agent after 30 s and starts nothing: %s', (_, play) => {
    const story = play();
    expectStory(story, { phase: 'down, daemon-ended', desired: 'running', acts: [], dueInMs: 30_000 });
    expectStory(story.deadlineComes(), {
      phase: 'stopped',
      desired: 'stopped',
      acts: [],
      records: ['operator.stopped'],
    });
  });

  it('leaves the agent startable by a caller, even after a stop', () => {
    expectStory(new Story().isUp().daemonIsEnded().asksStart(), { phase: 'starting', acts: ['launch'] });
    const story = new Story().isUp().daemonIsEnded().asksStop().killEnds().asksStart();
    expectStory(story, { phase: 'starting', desired: 'running', acts: ['launch'] });
  });

  it('leaves the agent stopped if a start after a stop fails, even if the circuit opened meanwhile', () => {
    const story = new Story().isUp().daemonIsEnded().tripsByHand();
    story.operatorStops(story.run.upSince).asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, daemon-ended', desired: 'stopped' });
    expectStory(story.deadlineComes(), { phase: 'stopped', desired: 'stopped', acts: [] });
  });

  it('is followed by the full wait for a new daemon, despite a report of a stop', () => {
    const story = new Story().isUp().daemonIsEnded();
    expectStory(story.operatorStops(story.run.upSince), { phase: 'down, daemon-ended', desired: 'stopped' });
  });

  it('does not cancel a requested launch', () => {
    expectStory(new Story().asksStart().daemonIsEnded(), { phase: 'starting', desired: 'running' });
  });

  it('leaves alone an agent that was down, and one that another daemon launched', () => {
    expectStory(backingOff().daemonIsEnded(), { phase: 'down, backing-off', desired: 'running' });
    expectStory(new Story().isUp().daemonIsEnded(YOUNGER_DAEMON), { phase: 'verifying', desired: 'running' });
  });

  it('breaks off a trial: the circuit is OPEN and due', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits().deadlineComes().launchSucceeds();
    expectStory(story.daemonIsEnded().deadlineComes(), { phase: 'stopped', desired: 'stopped', circuit: 'OPEN 1' });
  });

  it('answers a spawn that joined a launch of healing which it cancels', () => {
    const story = new Story().isUp().exits().asksStart().daemonIsEnded().deadlineComes();
    expectStory(story, { phase: 'stopped', answers: ['up: operation-in-progress', 'down: done'] });
  });
});

describe('pm2 update', () => {
  it('is a new daemon with the same list within 30 s, and the agent is adopted', () => {
    const story = new Story().isUp().daemonIsEnded().waits(25_000);
    story.sees({ daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0', acts: [] });
    expect(story.run.daemon).toEqual(YOUNGER_DAEMON);
  });

  it('counts a crash if the agent has exited since', () => {
    const story = new Story().isUp().daemonIsEnded();
    story.sees({ daemon: YOUNGER_DAEMON, listed: [ended(story.run)] });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 1' });
  });

  it('leaves alone an agent that was stopped meanwhile and has exited', () => {
    const story = new Story().isUp().daemonIsEnded().asksStop().killEnds();
    story.sees({ daemon: YOUNGER_DAEMON, listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, daemon-ended', desired: 'stopped', circuit: 'CLOSED 0', acts: [] });
  });

  it('is not concluded from the list of the killed daemon', () => {
    const story = new Story().isUp().daemonIsEnded();
    story.sees({ listed: [ended(story.run)] });
    expectStory(story, { phase: 'down, daemon-ended', circuit: 'CLOSED 0', acts: [] });
  });

  it('is not concluded from an empty list', () => {
    for (const daemon of [DAEMON, YOUNGER_DAEMON]) {
      expectStory(new Story().isUp().daemonIsEnded().sees({ daemon }), { phase: 'down, daemon-ended', acts: [] });
    }
  });

  it('does not bring back an agent that was stopped meanwhile', () => {
    const story = new Story().isUp().daemonIsEnded().asksStop().killEnds();
    expectStory(story, { phase: 'down, daemon-ended', desired: 'stopped', answers: ['down: done'] });
    story.sees({ daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 6001'] });
  });

  it('is awaited for 30 s again after a suspend', () => {
    const story = new Story().isUp().daemonIsEnded().waits(90_000).send({ type: 'resumed' });
    expectStory(story, { phase: 'down, daemon-ended', dueInMs: 30_000 });
  });
});

describe('a crash of the daemon', () => {
  it('restarts the agent even if the operator was acting in a shell', () => {
    const story = new Story().isUp().exits(KILLED, true).sees({ daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 0', acts: ['launch'] });
  });

  it('restarts the agent only after a scan of the process table', () => {
    const story = new Story().isUp().sees({ daemon: YOUNGER_DAEMON });
    expectStory(story, { phase: 'verifying', acts: ['scan'] });
    story.sees({ daemon: YOUNGER_DAEMON, scanned: true });
    expectStory(story, { phase: 'starting', desired: 'running', circuit: 'CLOSED 0', acts: ['launch'] });
  });
});
