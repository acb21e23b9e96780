import { again, CLEAN_EXIT, CRASH, ended, KILLED, LAUNCH, LOG, online } from '../../../test/support/machine-builders';
import { Story } from '../../../test/support/machine-story';
import { diagnoseExitFacts, diagnoseLaunch, findExitToDiagnose, mayAdopt } from './diagnose';
import type { MachineEvent } from './event';

describe('the diagnosis of an exit', () => {
  it.each([
    ['a signal', KILLED, { cause: 'killed-by-signal', line: 'killed by SIGKILL', remedy: 'restart' }],
    [
      'a signal beside a code, because PM2 reports such an exit with code 0',
      { exitCode: 137, signal: 'SIGTERM' },
      { cause: 'killed-by-signal', line: 'killed by SIGTERM', remedy: 'restart' },
    ],
    [
      'SIGINT, which the daemon reports with the code of shells',
      { exitCode: 130, signal: 'SIGINT' },
      { cause: 'killed-by-signal', line: 'killed by SIGINT', remedy: 'restart', exitCode: null, signal: 'SIGINT' },
    ],
    ['exit code 0', CLEAN_EXIT, { cause: 'clean-exit', line: 'exited with code 0', remedy: 'restart' }],
    ['another code', CRASH, { cause: 'unknown', line: 'exited with code 1', remedy: 'restart' }],
    [
      'nothing, because the supervisor was down',
      { exitCode: null, signal: null },
      { cause: 'unknown', line: 'exited while the supervisor was down; exit code unknown', remedy: 'restart' },
    ],
  ] as const)('is made from %s', (_, exit, failure) => {
    expect(diagnoseExitFacts(exit)).toMatchObject(failure);
  });
});

describe('the diagnosis of a failed launch', () => {
  it.each(['entry-point-missing', 'interpreter-missing'] as const)('of %s is not fixed by a restart', (refusal) => {
    expect(diagnoseLaunch(refusal, 'There is no file agent.py.')).toMatchObject({
      cause: refusal,
      line: 'There is no file agent.py.',
      remedy: 'person',
    });
  });

  it('of any other kind may be fixed by a retry', () => {
    expect(diagnoseLaunch(null, 'PM2 gave no pid.')).toMatchObject({
      cause: 'unknown',
      line: 'could not be launched: PM2 gave no pid.',
      remedy: 'restart',
    });
  });
});

describe('the exit of a run whose launch was not answered', () => {
  const { log, program } = LAUNCH;
  const unanswered = () => new Story().asksStart().launchIsUnknown(null, LAUNCH);

  it.each<readonly [string, Story, (story: Story) => MachineEvent]>([
    [
      'reported before the answer was given up',
      new Story().asksStart().exits(CRASH),
      ({ runId }) => ({ type: 'launch-unknown', runId, listedUnder: null, facts: LAUNCH }),
    ],
    [
      'reported later',
      unanswered(),
      ({ runId, now }) => ({ type: 'exited', runId, upSince: now, exit: CRASH, ordered: false }),
    ],
    [
      'shown by a snapshot, after a restart of the supervisor',
      unanswered().supervisorRestarts(),
      (story) => ({
        type: 'observed',
        observation: story.observation({ listed: [ended(story.runFor(story.runId))], scanned: true }),
      }),
    ],
  ])('is diagnosed by the log and the program of its launch if it is %s', (_, story, event) => {
    const end = findExitToDiagnose(story.machineState, event(story));
    expect(end).toMatchObject({ runId: story.runId, log, program });
  });
});

describe('an exit that a snapshot shows', () => {
  const up = () => new Story().asksStart().launchSucceeds({ log: LOG }).supervisorRestarts();
  const exitIn = (story: Story, upSince: number) => {
    const listed = [ended(story.run, { upSince })];
    const observation = story.observation({ listed, scanned: true, boot: true });
    return findExitToDiagnose(story.machineState, { type: 'observed', observation });
  };

  it('is diagnosed by the logs since the launch', () => {
    const story = up();
    expect(exitIn(story, story.run.upSince)).toMatchObject({ log: LOG });
  });

  it('is diagnosed without the logs if it is of a later process, because they begin with earlier words', () => {
    const story = up();
    expect(exitIn(story, story.run.upSince + 1)).toMatchObject({ log: null });
  });
});

describe('the end of the logs is read', () => {
  const up = () => new Story().asksStart().launchSucceeds({ log: LOG }).waits(1);
  const isRead = (story: Story, look: Parameters<Story['observation']>[0]) =>
    mayAdopt(story.machineState, { type: 'observed', observation: story.observation(look) });

  it('before a process that is not known may be adopted', () => {
    const stopped = up().asksStop().killEnds().waits(1);
    expect(isRead(stopped, { listed: [again(stopped.run)] })).toBe(true);
    const running = up();
    expect(isRead(running, { listed: [again(running.run)] })).toBe(true);
    const unanswered = new Story().asksStart().launchIsUnknown().waits(1);
    expect(isRead(unanswered, { listed: [online(unanswered.runFor(unanswered.runId))] })).toBe(true);
    const blocked = new Story().isUp().exits().waits(1);
    const { runId } = blocked;
    const observation = blocked.observation({ listed: [again(blocked.run)] });
    expect(mayAdopt(blocked.machineState, { type: 'launch-blocked', runId, observation })).toBe(true);
  });

  it('at the start of the supervisor for a process whose part of them is unknown', () => {
    const story = new Story().isUp().supervisorRestarts();
    expect(isRead(story, { listed: [online(story.run)], boot: true })).toBe(true);
    expect(isRead(story, { listed: [online(story.run)] })).toBe(false);
    story.logsEndAt(LOG).sees({ listed: [online(story.run)], boot: true, scanned: true });
    expect(story.run.log).toEqual(LOG);
  });

  it('for no other snapshot', () => {
    const story = up();
    expect(isRead(story, { listed: [online(story.run)] })).toBe(false);
    expect(isRead(story, { listed: [ended(story.run)] })).toBe(false);
    expect(isRead(story, { listed: [again(story.run)], beganAt: story.now - 1 })).toBe(false);
  });
});
