import { Story } from '../../../test/support/machine-story';
import { currentIncarnation, currentRunId, verifiedAt } from './state';

describe('the incarnation that may send heartbeats', () => {
  it.each<readonly [string, () => Story]>([
    ['while its launch is not answered yet', () => new Story().asksStart()],
    ['while the outcome of its launch is unknown', () => new Story().asksStart().launchIsUnknown()],
    ['while its launch is given up without an answer', () => new Story().asksStart().launchIsUnknown().asksStop()],
  ])('is its run without a pid %s', (_, make) => {
    const { phase } = make().machineState.state;
    expect(currentRunId(phase)).not.toBeNull();
    expect(currentIncarnation(phase)).toBe(`${currentRunId(phase) ?? ''}:`);
  });

  it('is its process once that is known', () => {
    const story = new Story().isUp();
    expect(currentIncarnation(story.machineState.state.phase)).toBe(`${story.run.runId}:${story.run.process.pid}`);
  });

  it.each<readonly [string, () => Story]>([
    ['new', () => new Story()],
    ['down', () => new Story().isUp().exits().launchFails({ kind: 'resources', evidence: 'spawn ENOMEM' })],
  ])('is none while it is %s', (_, make) => {
    expect(currentIncarnation(make().machineState.state.phase)).toBeNull();
  });
});

describe('the time at which a process was verified', () => {
  it('is known once it is', () => {
    const story = new Story().isUp().deadlineComes();
    expect(verifiedAt(story.machineState.state.phase)).toBe(story.now);
    expect(verifiedAt(story.becomesStable().machineState.state.phase)).toBe(story.now - 60_000);
  });

  it.each<readonly [string, () => Story]>([
    ['stopped', () => new Story()],
    ['up, and not yet verified', () => new Story().isUp()],
    ['being stopped', () => new Story().isUp().deadlineComes().asksStop()],
  ])('is none while it is %s', (_, make) => {
    expect(verifiedAt(make().machineState.state.phase)).toBeNull();
  });

  it('is none of an unknown agent', () => {
    expect(verifiedAt(null)).toBeNull();
  });
});
