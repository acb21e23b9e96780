import {
  again,
  CLEAN_EXIT,
  ended,
  HOUR_MS,
  LIKELY_KEY,
  NO_MEMORY,
  NO_PID,
  online,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';
import { expectStory, type Picture, Story } from '../../../test/support/machine-story';
import { diagnosisOf, type Diagnosis } from '../../kernel';

type Row = Picture & { readonly name: string; readonly play: () => Story };

const CERTAIN_KEY: Diagnosis = { ...LIKELY_KEY, certainty: 'certain' };
const LIKELY_SETTING = diagnosisOf('configuration', 'no such flag', { certainty: 'likely' });

/** Crashes by a cause that was diagnosed, or by none. */
const fails = (story: Story, by: Diagnosis | null) => story.waits(1).finds(by).exits().finds(null);
const isBack = (story: Story) => (story.phase === 'starting' ? story : story.deadlineComes()).launchSucceeds();
const once = () => fails(new Story().isUp(), LIKELY_KEY);

describe('an agent whose earlier run failed by a likely cause', () => {
  it.each<Row>([
    {
      name: 'the first one was certain, and its trial fails',
      play: () => fails(isBack(fails(new Story().isUp(), CERTAIN_KEY)), LIKELY_KEY),
      circuit: 'OPEN 2',
    },
    {
      name: 'the second one is certain',
      play: () => fails(isBack(once()), CERTAIN_KEY),
      circuit: 'OPEN 2',
    },
    {
      name: 'an earlier run failed by another cause',
      play: () => fails(isBack(fails(isBack(fails(new Story().isUp(), null)), LIKELY_KEY)), LIKELY_KEY),
      circuit: 'OPEN 3',
    },
    {
      name: 'the second run was verified, but not stable',
      play: () => fails(isBack(once()).deadlineComes().waits(30_000), LIKELY_KEY),
      circuit: 'OPEN 2',
    },
    {
      name: 'the supervisor was killed between, and adopted the second run',
      play: () => {
        const story = isBack(once()).supervisorRestarts();
        return fails(story.sees({ listed: [online(story.run)], boot: true, scanned: true }), LIKELY_KEY);
      },
      circuit: 'OPEN 2',
    },
    {
      name: 'the supervisor was killed during the launch between',
      play: () => {
        const story = once();
        const run = story.runFor(story.runId);
        story.supervisorRestarts().sees({ listed: [online(run)], boot: true, scanned: true });
        return fails(story, LIKELY_KEY);
      },
      circuit: 'OPEN 2',
    },
    {
      name: 'the operator started the second run before healing did',
      play: () => {
        const story = fails(isBack(fails(new Story().isUp(), null)), LIKELY_KEY);
        expectStory(story, { phase: 'down, backing-off' });
        return fails(story.asksStart().launchSucceeds(), LIKELY_KEY);
      },
      circuit: 'OPEN 3',
    },
    {
      name: 'a restart that an operator requested before healing did failed to launch it',
      play: () => {
        const story = fails(isBack(fails(new Story().isUp(), null)), LIKELY_KEY);
        story.asksRestart(3_000).deadlineComes().launchFails(NO_PID);
        expectStory(story, { phase: 'down, backing-off' });
        return fails(isBack(story), LIKELY_KEY);
      },
      circuit: 'OPEN 3',
    },
    {
      name: 'an operator requested a delayed restart, and the supervisor was killed meanwhile',
      play: () => {
        const story = fails(isBack(fails(new Story().isUp(), null)), LIKELY_KEY).asksRestart(3_000);
        story.supervisorRestarts().sees({ listed: [ended(story.run)], boot: true, scanned: true });
        return fails(isBack(story), LIKELY_KEY);
      },
      circuit: 'OPEN 3',
    },
    {
      name: 'healing launched the second run after a pause',
      play: () => {
        const story = fails(isBack(fails(new Story().isUp(), null)), LIKELY_KEY);
        story.send({ type: 'pause-asked', until: story.now + HOUR_MS }).deadlineComes();
        return fails(story.launchSucceeds(), LIKELY_KEY);
      },
      circuit: 'OPEN 3',
    },
    {
      name: 'the launch of the second run was postponed for lack of memory',
      play: () => {
        const story = once().launchFails(NO_MEMORY);
        return fails(story.deadlineComes().launchSucceeds(), LIKELY_KEY);
      },
      circuit: 'OPEN 2',
    },
  ])('is halted at the second failure although $name', ({ name: _, play, ...picture }) => {
    expectStory(play(), { phase: 'down, halted', ...picture });
  });

  it.each<Row>([
    {
      name: 'by another likely cause',
      play: () => fails(isBack(once()), LIKELY_SETTING),
      circuit: 'CLOSED 2',
    },
    {
      name: 'by the likely cause after a run that failed by another one',
      play: () => fails(isBack(fails(isBack(once()), null)), LIKELY_KEY),
      circuit: 'CLOSED 3',
    },
    {
      name: 'by the likely cause after a launch that failed',
      play: () => fails(isBack(once().launchFails(NO_PID)), LIKELY_KEY),
      circuit: 'CLOSED 3',
    },
    {
      name: 'after it was stable',
      play: () => fails(isBack(once()).becomesStable(), LIKELY_KEY),
      circuit: 'CLOSED 1',
    },
    {
      name: 'after an operator replaced the run between',
      play: () => fails(isBack(once()).asksRestart().killEnds().launchSucceeds(), LIKELY_KEY),
      circuit: 'CLOSED 2',
    },
    {
      name: 'after an operator stopped and started it',
      play: () => fails(isBack(once()).asksStop().killEnds().isUp(), LIKELY_KEY),
      circuit: 'CLOSED 2',
    },
    {
      name: 'after an operator reset the circuit',
      play: () => fails(isBack(once().asksReset()), LIKELY_KEY),
      circuit: 'CLOSED 1',
    },
    {
      name: 'after the run between was halted by hand',
      play: () => {
        const story = isBack(once()).tripsByHand().killEnds();
        story.send({ type: 'circuit-asked', event: { type: 'success' } });
        return fails(isBack(story), LIKELY_KEY);
      },
      circuit: 'CLOSED 1',
    },
    {
      name: 'after a restart in a shell',
      play: () => {
        const story = isBack(once()).exits(CLEAN_EXIT, true);
        return fails(story.sees({ listed: [again(story.run)] }), LIKELY_KEY);
      },
      circuit: 'CLOSED 2',
    },
    {
      name: 'after the run between was lost with its daemon',
      play: () => {
        const story = isBack(once()).sees({ daemon: YOUNGER_DAEMON, scanned: true });
        return fails(story.launchSucceeds({ daemon: YOUNGER_DAEMON }), LIKELY_KEY);
      },
      circuit: 'CLOSED 2',
    },
    {
      name: 'after a run that ended during a pause',
      play: () => {
        const story = isBack(once());
        fails(story.send({ type: 'pause-asked', until: story.now + HOUR_MS }), LIKELY_KEY);
        return fails(isBack(story.send({ type: 'resume-asked' })), LIKELY_KEY);
      },
      circuit: 'CLOSED 2',
    },
  ])('is restarted if it fails $name', ({ name: _, play, ...picture }) => {
    const story = play();
    expectStory(story, picture);
    expect(story.status).not.toBe('halted');
    expect(story.records).not.toContain('recovery.escalated');
  });
});
