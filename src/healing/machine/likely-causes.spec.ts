import { ended, HUNG, KILLED, LIKELY_KEY, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import type { Diagnosis } from '../../kernel';

const CERTAIN_KEY: Diagnosis = { ...LIKELY_KEY, certainty: 'certain' };

/** Crashes by a cause that was diagnosed, or by none. */
const fails = (story: Story, by: Diagnosis | null) => story.waits(1).finds(by).exits().finds(null);
const isBack = (story: Story) => (story.phase === 'starting' ? story : story.deadlineComes()).launchSucceeds();
const once = () => fails(new Story().isUp(), LIKELY_KEY);
const twice = () => fails(isBack(once()), LIKELY_KEY);

describe('an agent that fails by a likely cause', () => {
  it('is restarted like after any failure, once', () => {
    expectStory(once(), { phase: 'starting', circuit: 'CLOSED 1', acts: ['sweep id-1', 'launch'] });
    expect(once().records).not.toContain('recovery.escalated');
    expect(once().machineState.state.lastFailure).toMatchObject({ cause: 'credentials', action: 'restart' });
  });

  it('is halted if the next run fails by the same cause', () => {
    const story = twice();
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 60_000, attempt: 1 });
    expect(story.records).toContain('recovery.escalated');
    expect(story.machineState.state.lastFailure).toMatchObject({ cause: 'credentials', action: 'halt' });
  });

  it('is halted if only snapshots show the exits', () => {
    const story = new Story().isUp().finds(LIKELY_KEY);
    story.sees({ listed: [ended(story.run)], scanned: true }).launchSucceeds();
    expectStory(story.sees({ listed: [ended(story.run)], scanned: true }), { phase: 'down, halted' });
  });

  it('says so in its advice until it is halted', () => {
    const adviceOf = ({ machineState }: Story) => machineState.state.diagnosis?.diagnosis.advice;
    expect(adviceOf(once())).toBe(
      `${LIKELY_KEY.advice} The cause is likely but not certain, so the supervisor restarts the agent. If the next run fails by the same cause, the agent is halted.`,
    );
    expect(adviceOf(twice())).toBe(LIKELY_KEY.advice);
  });

  it('keeps the certainty, the rule and the block of its diagnosis', () => {
    const block = ['Traceback', 'Error: key refused'];
    const { diagnosis } = fails(new Story().isUp(), { ...LIKELY_KEY, block }).machineState.state;
    expect(diagnosis?.diagnosis).toMatchObject({ certainty: 'likely', rule: 'a-rule', block });
  });

  it('is not counted twice for one run', () => {
    const story = new Story({ isChecked: true }).isUp().isChecked().isChecked({ failing: HUNG });
    expectStory(story, { phase: 'stopping, then start', circuit: 'CLOSED 1' });
    fails(story, LIKELY_KEY).killEnds();
    expectStory(story, { phase: 'starting', circuit: 'CLOSED 1' });
    expectStory(fails(story.launchSucceeds(), LIKELY_KEY), { circuit: 'CLOSED 2', status: 'backing-off' });
  });

  it('is halted by the first failure of a trial, for twice the cool-down', () => {
    const story = fails(isBack(new Story(TRIPS_AT_ONCE).isUp().exits(KILLED)), LIKELY_KEY);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 120_000 });
    expect(story.machineState.state.diagnosis?.diagnosis.advice).toBe(LIKELY_KEY.advice);
  });

  it('is halted by the first failure if policy.restart is never', () => {
    const story = fails(new Story({ restart: 'never' }).isUp(), LIKELY_KEY);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: null });
  });

  it('restarts within a minute of the others during a fleet incident, and is halted by the second failure', () => {
    const story = fails(new Story({ isFleetIncident: true }).isUp(), LIKELY_KEY);
    expectStory(story, { phase: 'down, backing-off', dueInMs: 30_000, circuit: 'CLOSED 1' });
    expectStory(fails(isBack(story), LIKELY_KEY), { phase: 'down, halted', circuit: 'OPEN 2' });
  });
});

describe('an agent that fails by a certain cause', () => {
  it('is halted at once', () => {
    const story = fails(new Story().isUp(), CERTAIN_KEY);
    expectStory(story, { phase: 'down, halted', circuit: 'OPEN 1' });
    expect(story.machineState.state.diagnosis?.diagnosis.advice).toBe(CERTAIN_KEY.advice);
  });
});
