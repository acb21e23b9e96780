import {
  again,
  CLEAN_EXIT,
  ended,
  LOG,
  LOG_END,
  online,
  orphan,
  POLICY,
  TRIPS_AT_ONCE,
} from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

/** An ordered exit was reported: the operator is acting in a shell. */
function actedUpon(): Story {
  return new Story().isUp().becomesStable().exits(CLEAN_EXIT, true);
}

describe('pm2 restart', () => {
  it('does not make its new process an orphan before the next snapshot lists it', () => {
    const story = actedUpon();
    const process = { pid: 6_001, startTime: 6_001 };
    story.sees({ listed: [ended(story.run)], unlisted: [orphan(story.run, { process, isNew: true })] });
    expectStory(story, { phase: 'down, operator-acting', desired: 'running', acts: [] });
    story.sees({ listed: [again(story.run, { process })] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], circuit: 'CLOSED 0' });
  });
});

describe('pm2 start', () => {
  it('sets the desired state of a stopped agent to running', () => {
    const story = new Story().isUp().asksStop().killEnds();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', acts: [], records: ['operator.restarted'] });
  });

  it('adopts a process under an entry that the operator created', () => {
    const story = new Story();
    story.sees({ listed: [online(story.runFor('x'), { runId: null })] });
    expectStory(story, { phase: 'verifying', desired: 'running', records: ['operator.restarted'] });
  });

  it('during back-off is neither failure nor attempt, and nothing else is launched', () => {
    const story = new Story().isUp().exits().launchSucceeds().waits(1).exits();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 2', attempt: 1, acts: [] });
    expectStory(story.waits(1_000).send({ type: 'timer' }), { phase: 'verifying', acts: [] });
  });

  it('of a halted agent is the trial, and its failure does not double the cool-down', () => {
    const story = new Story(TRIPS_AT_ONCE).isUp().exits();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'HALF_OPEN 1' });
    expectStory(story.exits(), { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 60_000 });
  });
});

describe('pm2 restart', () => {
  it('is adopted with the new process and the kept run id', () => {
    const story = actedUpon();
    const { run } = story;
    story.sees({ listed: [again(run)] });
    expectStory(story, { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0', attempt: null, acts: [] });
    expect(story.run).toMatchObject({ runId: run.runId, process: { pid: 6001 }, upSince: run.upSince + 1 });
  });

  it('keeps what it was launched with: PM2 runs the same program with the same environment', () => {
    const program = { program: '/agents/.venv/bin/python', folder: '/agents' };
    const story = new Story().asksStart().launchSucceeds({ program });
    story.sees({ listed: [again(story.run)] });
    expect(story.run).toMatchObject({ program, fingerprint: 'launched-with' });
  });

  it.each([
    ['reported', () => new Story().asksStart().launchSucceeds({ log: LOG }).exits(CLEAN_EXIT, true)],
    ['not reported', () => new Story().asksStart().launchSucceeds({ log: LOG })],
    ['of a stopped agent', () => new Story().asksStart().launchSucceeds({ log: LOG }).asksStop().killEnds()],
    ['made while the supervisor was down', () => new Story().asksStart().launchSucceeds({ log: LOG })],
  ])('(%s) begins its part of the logs where they end at the adoption', (how, story) => {
    const boot = how.endsWith('down');
    const adopted = boot ? story().supervisorRestarts() : story();
    adopted.logsEndAt(LOG_END).sees({ listed: [again(adopted.run)], boot, scanned: boot });
    expectStory(adopted, { phase: 'verifying' });
    expect(adopted.run.log).toEqual(LOG_END);
  });

  it('is adopted even if it was not reported', () => {
    const story = new Story().isUp().becomesStable();
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 0', records: ['operator.restarted'], acts: [] });
  });

  it('starts the verification again for the new pid', () => {
    const story = actedUpon().waits(50);
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { dueInMs: POLICY.verifyMs });
  });

  it('keeps count and attempt of an incident', () => {
    const story = new Story().isUp().exits().launchSucceeds().exits(CLEAN_EXIT, true);
    story.sees({ listed: [again(story.run)] });
    expectStory(story, { phase: 'verifying', circuit: 'CLOSED 1', attempt: 1 });
  });
});
