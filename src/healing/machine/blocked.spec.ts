import {
  again,
  DAEMON,
  ended,
  expectStory,
  online,
  orphan,
  Story,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';

/** Fallen, and about to be started again by healing. */
function restarting(): Story {
  return new Story().isUp().exits();
}

describe('a launch that the guard has put off', () => {
  it('since the agent lives, under a start in a shell: it is adopted, and the caller has what was asked for', () => {
    const story = restarting();
    story.launchIsBlocked({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], answers: ['up: done'] });
  });

  it('since a person deleted its entry: desired stopped, and the caller is told', () => {
    expectStory(restarting().launchIsBlocked({}), {
      phase: 'stopped',
      desired: 'stopped',
      acts: [],
      answers: ['up: operation-in-progress', 'down: done'],
    });
  });

  it('since an orphan lives: that is ended, and the launch is tried again by the same right', () => {
    const story = new Story().isUp().sees({ daemon: YOUNGER_DAEMON, scanned: true });
    const before = story.runFor('id-1');
    story.launchIsBlocked({ daemon: YOUNGER_DAEMON, unlisted: [orphan(before)] });
    expectStory(story, { phase: 'down, waiting', desired: 'running', acts: ['end orphan 1001'], dueInMs: 500 });
    expectStory(story.deadlineComes(), { phase: 'starting', acts: ['launch'], circuit: 'CLOSED 0' });
    expect(story.launch.launch).toMatchObject({ by: 'healing', reason: "PM2's daemon was lost", pidBefore: 1001 });
  });

  it('since PM2 is about to start the entry: the next look tells', () => {
    const story = restarting();
    const entry = ended(story.run, { state: 'launching' });
    expectStory(story.launchIsBlocked({ listed: [entry] }), { phase: 'down, waiting', acts: [], dueInMs: 500 });
  });

  it('is no failure, for a person as for healing', () => {
    const story = new Story().asksStart();
    story.launchIsBlocked({ listed: [ended(story.runFor('x'), { state: 'launching' })] });
    expectStory(story, { phase: 'down, waiting', desired: 'running', circuit: 'CLOSED 0', answers: [] });
    expectStory(story.deadlineComes().launchSucceeds(), { phase: 'verifying', answers: ['up: done'] });
  });

  it('and that a stop has overtaken: lists must prove that nothing lives', () => {
    const story = new Story().asksStart().asksStop();
    const run = story.runFor('made by hand');
    story.launchIsBlocked({ listed: [online(run)] });
    expectStory(story, { phase: 'stopping, then stopped', desired: 'stopped', acts: [], dueInMs: 0 });
    expectStory(story.deadlineComes(), { acts: ['scan'] });
    for (let list = 1; list <= 2; list += 1) story.waits(1_000).sees({ daemon: DAEMON });
    expectStory(story, { phase: 'stopped', desired: 'stopped', answers: ['down: done'] });
  });
});
