import { POLICY } from '../../../test/support/machine-builders';
import { expectStory, Story } from '../../../test/support/machine-story';
import { diagnosisOf } from '../../kernel';

describe('a failure with an external cause', () => {
  const AWAY = diagnosisOf('network', 'ECONNREFUSED');
  const repeat = (story: Story, times: number) => {
    for (let count = 0; count < times; count += 1) story.waits(1).exits().deadlineComes().launchSucceeds();
    return story;
  };
  const policy = { circuit: { ...POLICY.circuit, failureThreshold: 3 } };
  const story = (times: number) => repeat(new Story(policy).isUp().finds(AWAY), times).waits(1).exits();

  it('is escalated at the third restart, and restarts go on', () => {
    expect(story(1).records).not.toContain('recovery.escalated');
    const third = story(2);
    expectStory(third, { phase: 'down, backing-off', circuit: 'CLOSED 0' });
    const news = third.effects.flatMap((effect) => (effect.type === 'notify' ? [effect.news] : []));
    expect(news).toMatchObject([{ kind: 'escalated', goesOn: true, attempts: 2 }]);
    expect(story(3).records).not.toContain('recovery.escalated');
  });

  it('of any other kind is not escalated while the circuit is closed', () => {
    const crashes = repeat(new Story().isUp(), 2).waits(1).exits();
    expectStory(crashes, { circuit: 'CLOSED 3' });
    expect(crashes.records).not.toContain('recovery.escalated');
  });

  it('in a trial is not counted: the circuit is open for the same cool-down', () => {
    const trial = new Story({ circuit: { ...POLICY.circuit, failureThreshold: 1 } }).isUp().exits().deadlineComes();
    trial.launchSucceeds().finds(AWAY).waits(1).exits();
    expectStory(trial, { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: 60_000 });
  });
});
