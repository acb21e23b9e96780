import {
  again,
  KILLED,
  NO_PID,
  orphan,
  PM2_AWAY,
  REFUSED,
  YOUNGER_DAEMON,
} from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

/** Restarted after a first crash, then crashed again: the next restart is due in a second. */
function backingOff(): Story {
  return new Story().isUp().exits().launchSucceeds().waits(1).exits();
}

describe('a start that meets a stop', () => {
  it('supersedes the stop if it is a restart', () => {
    const story = new Story().isUp().asksStop().asksRestart();
    expectStory(story, { phase: 'stopping, then start', desired: 'running' });
    expectStory(story.killEnds(), { phase: 'starting', desired: 'running', acts: ['launch'] });
    expectStory(story.launchSucceeds(), { phase: 'verifying', answers: ['up: done'] });
  });

  it('launches after the stop if it is a spawn', () => {
    const story = new Story().isUp().asksStop().asksStart();
    expectStory(story, { phase: 'stopping, then start', desired: 'running', acts: [] });
    expectStory(story.killEnds(), { phase: 'starting', acts: ['launch'] });
  });

  it('counts no failure if it joined a restart by healing and fails', () => {
    const story = new Story().isUp();
    story
      .sees({ daemon: YOUNGER_DAEMON, scanned: true, unlisted: [orphan(story.run)] })
      .asksStart()
      .killEnds();
    expectStory(story.launchFails(NO_PID), { circuit: 'CLOSED 0', answers: ['up: launch-failed'] });
  });
});

describe('commands that meet on one agent', () => {
  it('answer a spawn of a running agent and start nothing', () => {
    expectStory(new Story().isUp().asksStart(), { phase: 'verifying', acts: [], answers: ['up: done'] });
  });

  it('join a spawn in progress if they are a spawn or a restart', () => {
    for (const join of [(story: Story) => story.asksStart(), (story: Story) => story.asksRestart()]) {
      const story = join(new Story().asksStart());
      expectStory(story, { phase: 'starting', acts: [], answers: [] });
      expectStory(story.launchSucceeds(), { answers: ['up: done'] });
    }
  });

  it('kill the run, wait for the requested delay, and launch, for a restart', () => {
    const story = new Story().isUp().asksRestart(3_000);
    expectStory(story, { phase: 'stopping, then start', status: 'recovering', acts: ['kill run 1001'] });
    expectStory(story.killEnds(), { phase: 'down, restart-delay', dueInMs: 3_000, acts: [] });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
    expect(story.launch.launch).toMatchObject({ kind: 'restart', pidBefore: 1001, reason: 'asked', attempt: null });
  });

  it('launch an agent in back-off or after a terminate, for a routed task', () => {
    expectStory(backingOff().asksStart('routing', false), { phase: 'starting', acts: ['launch'] });
    const story = new Story().isUp().asksStop().asksStart('routing', false);
    expectStory(story, { phase: 'stopping, then start', desired: 'running', answers: [] });
  });

  it('leave the agent stopped if a spawn after a terminate fails', () => {
    const story = new Story().isUp().asksStop().asksStart().killEnds().launchFails(NO_PID);
    expectStory(story, { phase: 'stopped', desired: 'stopped', answers: ['up: launch-failed'] });
  });

  it('leave the agent to healing if a second restart fails', () => {
    const story = new Story().isUp().asksRestart().asksRestart().killEnds().launchFails(NO_PID);
    expectStory(story, { phase: 'down, waiting', desired: 'running', circuit: 'CLOSED 0' });
  });

  it('answer a stop of a stopped agent at once', () => {
    expectStory(new Story().asksStop(), { phase: 'stopped', desired: 'stopped', acts: [] });
    expect(new Story().asksStop().answers).toContain('down: done');
  });

  it('launch the agent for a spawn while the operator acts in a shell', () => {
    expectStory(new Story().isUp().exits(KILLED, true).asksStart(), { phase: 'starting', acts: ['launch'] });
  });

  it('require the listed entry for healing and for a restart, but not for a start by the operator', () => {
    expect(backingOff().asksStart().launch.launch.mustBeListed).toBe(false);
    expect(backingOff().deadlineComes().launch.launch.mustBeListed).toBe(true);
    expect(new Story().isUp().asksRestart().killEnds().launch.launch.mustBeListed).toBe(true);
  });

  it('ignore a late report of a stop in a shell that preceded a restart', () => {
    const story = new Story().isUp();
    const { upSince } = story.run;
    const stoppedAt = story.now + 500;
    story.waits(1_000).asksRestart().killEnds().launchSucceeds();
    expectStory(story.operatorStops(upSince, stoppedAt), { phase: 'verifying', desired: 'running', acts: [] });
  });

  it('keep a delayed restart despite an earlier pm2 delete', () => {
    const story = new Story().isUp().asksStop().killEnds().waits(60_000);
    story.sees().waits(60_000).asksRestart(10_000);
    expectStory(story.sees(), { phase: 'down, restart-delay', desired: 'running' });
  });

  it('answer a delayed restart when the operator starts the agent in a shell', () => {
    const story = new Story().isUp().asksRestart(10_000).killEnds();
    expectStory(story.sees({ listed: [again(story.run)] }), { phase: 'verifying', answers: ['up: done'] });
  });
});

describe('a spawn or restart during back-off', () => {
  it.each([
    ['spawn', (story: Story) => story.asksStart()],
    ['restart', (story: Story) => story.asksRestart()],
  ] as const)('starts the agent now and changes neither attempt nor count: %s', (_, ask) => {
    const story = backingOff();
    expectStory(story, { phase: 'down, backing-off', dueInMs: 1_000, attempt: 1, circuit: 'CLOSED 2' });
    expectStory(ask(story), { phase: 'starting', acts: ['launch'], attempt: 1, circuit: 'CLOSED 2' });
    expectStory(story.launchSucceeds(), { phase: 'verifying', attempt: 1, circuit: 'CLOSED 2' });
    expectStory(story.exits(), { phase: 'down, backing-off', dueInMs: 1_000, attempt: 1, circuit: 'CLOSED 3' });
  });

  it('cancels the timer, which does nothing if it still fires', () => {
    const story = backingOff().asksStart().waits(1_000).send({ type: 'timer' });
    expectStory(story, { phase: 'starting', acts: [] });
  });

  it('leaves the pending restart due at its time if it fails', () => {
    const story = backingOff();
    const due = story.deadline;
    story.waits(100).asksStart().launchFails(NO_PID);
    expectStory(story, { phase: 'down, backing-off', circuit: 'CLOSED 2', answers: ['up: launch-failed'] });
    expect(story.deadline).toBe(due);
  });

  it('is superseded by a stop', () => {
    const story = backingOff().asksStop();
    expectStory(story, { desired: 'stopped', dueInMs: null, acts: ['kill agent ?'], attempt: null });
    expectStory(story.killEnds(), { phase: 'stopped', answers: ['down: done'] });
    expect(story.records).toEqual(['agent.terminated']);
  });
});

describe('a refused or failed spawn', () => {
  it.each([
    ['entry-point-not-found', REFUSED],
    ['interpreter-not-found', { ...REFUSED, refusal: 'interpreter-missing' }],
    ['launch-failed', NO_PID],
    ['process-manager-unavailable', PM2_AWAY],
  ] as const)('leaves the desired state unchanged: %s', (code, fault) => {
    const story = new Story().asksStart();
    expectStory(story, { desired: 'running' });
    expectStory(story.launchFails(fault), {
      phase: 'stopped',
      desired: 'stopped',
      circuit: 'CLOSED 0',
      acts: [],
      answers: [`up: ${code}`],
    });
  });

  it('leaves the desired state running for a restart, and healing retries', () => {
    const story = new Story().isUp().asksRestart().killEnds().launchFails(PM2_AWAY);
    expectStory(story, { phase: 'down, waiting', desired: 'running', circuit: 'CLOSED 0' });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'] });
  });

  it('leaves the desired state stopped after pm2 kill and a stop', () => {
    const story = new Story().isUp().daemonIsEnded().asksStop().killEnds().asksStart().launchFails(PM2_AWAY);
    expectStory(story, { desired: 'stopped', answers: ['up: process-manager-unavailable'] });
  });
});
