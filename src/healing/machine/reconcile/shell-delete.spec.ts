import { ended, NO_PID, YOUNGER_DAEMON } from '../../../../test/support/machine-builders';
import { expectStory, Story } from '../../../../test/support/machine-story';

describe('pm2 delete of an agent whose only launch was never answered', () => {
  const unanswered = () => new Story().asksStart().launchIsUnknown();
  const crashed = (story = unanswered()) => story.exits().launchFails(NO_PID);
  const listed = () => {
    const story = unanswered();
    const entry = ended(story.runFor(story.runId));
    return crashed(story).sees({ listed: [entry] });
  };

  it('stops it when a snapshot shows it', () => {
    expectStory(crashed(), { phase: 'down, backing-off' });
    expectStory(listed().sees(), { phase: 'stopped', desired: 'stopped', records: ['operator.stopped'] });
  });

  it('is not seen in the loss of its daemon', () => {
    expectStory(listed().sees({ daemon: YOUNGER_DAEMON }), { phase: 'down, backing-off', desired: 'running' });
  });

  it('is not seen before it was listed', () => {
    expectStory(crashed().sees(), { phase: 'down, backing-off', desired: 'running' });
  });
});
