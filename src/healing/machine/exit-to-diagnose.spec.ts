import { again, CRASH, ended, LAUNCH, LOG, online } from '../../../test/support/machine-builders';
import { Story } from '../../../test/support/machine-story';
import { findExitToDiagnose } from './diagnose';
import type { MachineEvent, Observation } from './event';

type Exited = Extract<MachineEvent, { type: 'exited' }>;

const up = () => new Story().asksStart().launchSucceeds({ log: LOG }).waits(1);
const unanswered = () => new Story().asksStart().launchIsUnknown(null, LAUNCH).waits(1);

const exited = (story: Story, changes: Partial<Exited> = {}): Exited => {
  const { runId, upSince } = story.runFor(story.runId);
  return { type: 'exited', runId, upSince, exit: CRASH, ordered: false, ...changes };
};

const observed = (story: Story, look: Partial<Observation>): MachineEvent => {
  return { type: 'observed', observation: story.observation({ scanned: true, ...look }) };
};

const launched = (story: Story, runId = story.runId): MachineEvent => {
  return { type: 'launch-succeeded', run: story.runFor(runId) };
};

const unknown = (story: Story, facts: typeof LAUNCH | null = null, runId = story.runId): MachineEvent => {
  return { type: 'launch-unknown', runId, listedUnder: null, facts };
};

describe('an exit is diagnosed', () => {
  it.each<readonly [string, () => Story, (story: Story) => MachineEvent, object]>([
    ['of a run that is up', up, (story) => exited(story), { exit: CRASH, log: LOG, program: null }],
    ['of a verified run', () => up().deadlineComes(), (story) => exited(story), { exit: CRASH, log: LOG }],
    [
      'reported before the answer to its launch',
      () => new Story().asksStart().exits(CRASH),
      (story) => launched(story),
      { exit: { ...CRASH, ordered: false }, log: null },
    ],
    [
      'reported before its launch was given up without facts',
      () => new Story().asksStart().exits(CRASH),
      (story) => unknown(story),
      { exit: { ...CRASH, ordered: false }, log: null, program: null },
    ],
    ['of an unanswered launch', unanswered, (story) => exited(story), { exit: CRASH, ...pick(LAUNCH) }],
    [
      'of an unanswered launch without facts',
      () => new Story().asksStart().launchIsUnknown(),
      (story) => exited(story),
      { log: null, program: null },
    ],
    ...(['stopped', 'errored'] as const).map(
      (state) =>
        [
          `that a scan shows as ${state}`,
          up,
          (story: Story) => observed(story, { listed: [ended(story.run, { state })] }),
          { exit: { exitCode: null, signal: null }, log: LOG },
        ] as const,
    ),
    [
      'that a scan shows beside the dead entry of another run',
      up,
      (story) => observed(story, { listed: [ended(story.run, { runId: 'other', entryId: 7 }), ended(story.run)] }),
      { log: LOG },
    ],
  ])('%s', (_, play, event, end) => {
    const story = play();
    expect(findExitToDiagnose(story.machineState, event(story))).toMatchObject({ runId: story.runId, ...end });
  });

  it.each<readonly [string, () => Story, (story: Story) => MachineEvent]>([
    ['of an agent that is stopped', () => up().asksStop(), (story) => exited(story)],
    ['of an agent that is being restarted', () => up().asksRestart(), (story) => exited(story)],
    ['of another run', up, (story) => exited(story, { runId: 'other' })],
    ['of an earlier process of the run', up, (story) => exited(story, { upSince: story.run.upSince - 1 })],
    ['that the operator ordered', up, (story) => exited(story, { ordered: true })],
    ['by an event about something else', up, () => ({ type: 'timer' })],
    [
      'that only an incomplete snapshot shows',
      up,
      (story) => observed(story, { scanned: false, listed: [ended(story.run)] }),
    ],
    [
      'that a snapshot from before the launch shows',
      up,
      (story) => observed(story, { listed: [ended(story.run)], beganAt: story.run.launchedAt }),
    ],
    [
      'that a scan shows as ordered',
      up,
      (story) => observed(story, { listed: [ended(story.run, { wasEndOrdered: true })] }),
    ],
    [
      'of which a scan does not show the end',
      up,
      (story) => observed(story, { listed: [ended(story.run, { state: 'stopping' })] }),
    ],
    ['of another entry', up, (story) => observed(story, { listed: [ended(story.run, { runId: 'other' })] })],
    [
      'beside a live process',
      up,
      (story) => observed(story, { listed: [ended(story.run), again(story.run, { entryId: 7 })] }),
    ],
    ['of a run that is listed alive', up, (story) => observed(story, { listed: [online(story.run)] })],
    ['of a launch that succeeds', () => new Story().asksStart(), (story) => launched(story)],
    ['of a launch that is not answered', () => new Story().asksStart(), (story) => unknown(story)],
    [
      'that the operator ordered before the answer to its launch',
      () => new Story().asksStart().exits(CRASH, true),
      (story) => launched(story),
    ],
    [
      'that the operator ordered before its launch was given up',
      () => new Story().asksStart().exits(CRASH, true),
      (story) => unknown(story),
    ],
    [
      'by the answer to another launch',
      () => new Story().asksStart().exits(CRASH),
      (story) => launched(story, 'other'),
    ],
    [
      'because another launch was given up',
      () => new Story().asksStart().exits(CRASH),
      (story) => unknown(story, null, 'other'),
    ],
    ['before the answer to its launch', () => new Story().asksStart(), (story) => exited(story)],
    ['of another run than the unanswered launch', unanswered, (story) => exited(story, { runId: 'other' })],
    ['that the operator ordered during an unanswered launch', unanswered, (story) => exited(story, { ordered: true })],
    ['of an unanswered launch by an event about something else', unanswered, () => ({ type: 'timer' })],
    ['of an unanswered launch that a scan does not show', unanswered, (story) => observed(story, {})],
  ])('never %s', (_, play, event) => {
    const story = play();
    expect(findExitToDiagnose(story.machineState, event(story))).toBeNull();
  });
});

function pick({ log, program }: typeof LAUNCH) {
  return { log, program };
}
