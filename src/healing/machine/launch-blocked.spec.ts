import { again, DAEMON, ended, online, orphan, YOUNGER_DAEMON } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';

/** Crashed, and being restarted by healing. */
function restarting(): Story {
  return new Story().isUp().exits();
}

describe('a launch that the launch guard refused', () => {
  it('adopts the process if the operator started it in a shell, and answers the caller', () => {
    const story = restarting();
    story.launchIsBlocked({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], answers: ['up: done'] });
  });

  it('stops the agent if the operator deleted its entry, and refuses the caller', () => {
    expectStory(restarting().launchIsBlocked({}), {
      phase: 'stopped',
      desired: 'stopped',
      acts: [],
      answers: ['up: operation-in-progress', 'down: done'],
    });
  });

  it('is retried with the same origin after a live orphan is killed', () => {
    const story = new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true });
    const before = story.runFor('id-1');
    story.launchIsBlocked({ daemon: YOUNGER_DAEMON, unlisted: [orphan(before)] });
    expectStory(story, { phase: 'down, waiting', desired: 'running', acts: ['end orphan 1001'], dueInMs: 500 });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'], circuit: 'CLOSED 0' });
    expect(story.launch.launch).toMatchObject({ by: 'healing', reason: "PM2's daemon exited", pidBefore: 1001 });
  });

  it('waits for the next snapshot if PM2 is starting the entry', () => {
    const story = restarting();
    const entry = ended(story.run, { state: 'launching' });
    expectStory(story.launchIsBlocked({ listed: [entry] }), { phase: 'down, waiting', acts: [], dueInMs: 500 });
  });

  it('is no failure, neither for an operator nor for healing', () => {
    const story = new Story().asksStart();
    story.launchIsBlocked({ listed: [ended(story.runFor('x'), { state: 'launching' })] });
    expectStory(story, { phase: 'down, waiting', desired: 'running', circuit: 'CLOSED 0', answers: [] });
    expectStory(story.deadlineComes().launchSucceeds(), { phase: 'verifying', answers: ['up: done'] });
  });

  it('needs snapshots to prove that no process lives if a stop superseded it', () => {
    const story = new Story().asksStart().asksStop();
    const run = story.runFor('made by hand');
    story.launchIsBlocked({ listed: [online(run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: [], dueInMs: 0 });
    expectStory(story.deadlineComes(), { acts: ['scan'] });
    for (let list = 1; list <= 2; list += 1) story.waits(1_000).sees({ daemon: DAEMON });
    expectStory(story.killEnds(), { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });
});
