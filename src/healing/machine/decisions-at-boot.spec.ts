import {
  again,
  CLEAN_EXIT,
  DAEMON,
  ended,
  online,
  orphan,
  TRIPS_AT_ONCE,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';
import { expectStory, type Picture, Story } from '../../../test/support/machine-story';

/** One decision at boot, after a lost daemon, or after a reboot. */
interface Row {
  readonly order: string;
  readonly play: () => Story;
  readonly leadsTo: Picture;
}

const up = () => new Story().isUp().becomesStable();
const halted = () => new Story(TRIPS_AT_ONCE).isUp().exits();
const boot = { boot: true, scanned: true } as const;
const afterBoot = (story: Story) => story.supervisorRestarts();

function check(rows: readonly Row[]): void {
  it.each(rows.map((row) => [row.order, row] as const))('%s', (_, { play, leadsTo }) => {
    expectStory(play(), leadsTo);
  });
}

describe('at boot and after the loss of a daemon', () => {
  check([
    {
      order: 'a listed live run of the agent is adopted',
      play: () => {
        const story = afterBoot(up());
        return story.sees({ ...boot, listed: [online(story.run)] });
      },
      leadsTo: { phase: 'running, stable', records: ['agent.adopted'], acts: [] },
    },
    {
      order: 'a listed live process with the pid of a stopped run is killed',
      play: () => {
        const story = afterBoot(up().asksStop());
        return story.sees({ ...boot, listed: [online(story.run)] }).deadlineComes();
      },
      leadsTo: { phase: 'stopping, then stopped', acts: ['kill agent 1001'] },
    },
    {
      order: 'a listed process newer than the stop was started by the operator and is adopted',
      play: () => {
        const story = afterBoot(up().asksStop().killEnds());
        return story.sees({ ...boot, listed: [again(story.run, { upSince: story.now })] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', records: ['operator.restarted'] },
    },
    {
      order: 'a dead entry with an ordered stop in the log sets the desired state to stopped',
      play: () => {
        const story = afterBoot(up());
        const listed = [ended(story.run, { wasEndOrdered: true })];
        return story
          .sees({ ...boot, listed })
          .waits(1_000)
          .sees({ listed });
      },
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'a dead entry that is the first half of a restart is followed by an adoption',
      play: () => {
        const story = afterBoot(up());
        const { run } = story;
        return story.sees({ ...boot, listed: [ended(run, { wasEndOrdered: true })] }).sees({ listed: [again(run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0' },
    },
    {
      order: 'a dead entry without an ordered stop is restarted',
      play: () => {
        const story = afterBoot(up());
        return story.sees({ ...boot, listed: [ended(story.run)] });
      },
      leadsTo: { phase: 'starting', desired: 'running', circuit: 'CLOSED 1' },
    },
    {
      order: 'an entry missing under the same daemon was deleted by the operator',
      play: () => afterBoot(up()).sees({ ...boot }),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'an entry missing under a younger daemon was lost, and the agent is started',
      play: () => afterBoot(up()).sees({ ...boot, daemon: YOUNGER_DAEMON }),
      leadsTo: { phase: 'starting', circuit: 'CLOSED 0' },
    },
    {
      order: 'an entry missing after a reboot was lost, even if the daemon has the old pid and start time',
      play: () =>
        up()
          .reboots()
          .sees({ ...boot, daemon: DAEMON }),
      leadsTo: { phase: 'starting', circuit: 'CLOSED 0' },
    },
    {
      order: 'an orphan is killed with its descendants before the agent is started',
      play: () => {
        const story = afterBoot(up());
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, unlisted: [orphan(story.run)] });
      },
      leadsTo: { phase: 'stopping, then start', acts: ['kill run 1001'] },
    },
    {
      order: 'of a listed and an unlisted process of one run the listed one is kept',
      play: () => {
        const story = afterBoot(up());
        const { run } = story;
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, listed: [again(run)], unlisted: [orphan(run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', acts: ['end orphan 1001'] },
    },
    {
      order: 'of two listed processes of one run the saved pid is kept',
      play: () => {
        const story = afterBoot(up());
        const { run } = story;
        return story.sees({ ...boot, listed: [again(run, { entryId: 7 }), online(run)] });
      },
      leadsTo: { phase: 'running, stable', acts: ['end double 6001'] },
    },
    {
      order: 'the dead entry of a duplicate is removed from the list',
      play: () => {
        const story = up();
        const { run } = story;
        return story.sees({ listed: [online(run), ended(run, { entryId: 7 })] });
      },
      leadsTo: { phase: 'running, stable', acts: ['forget 7'] },
    },
    {
      order: 'the entry of a duplicate that is launching is left alone',
      play: () => {
        const story = up();
        const { run } = story;
        return story.sees({ listed: [online(run), ended(run, { entryId: 7, state: 'launching' })] });
      },
      leadsTo: { phase: 'running, stable', acts: [] },
    },
  ]);
});

describe('after a reboot', () => {
  check([
    {
      order: 'an agent whose daemon was killed by the shutdown is started',
      play: () => up().daemonIsEnded().reboots().deadlineComes(),
      leadsTo: { phase: 'starting', desired: 'running', circuit: 'CLOSED 0' },
    },
    {
      order: 'an agent whose exit was ordered before the shutdown is started',
      play: () => up().exits(CLEAN_EXIT, true).reboots().deadlineComes(),
      leadsTo: { phase: 'starting', desired: 'running' },
    },
    {
      order: 'an agent stopped while its daemon was killed stays stopped',
      play: () => up().daemonIsEnded().asksStop().killEnds().reboots(),
      leadsTo: { phase: 'stopped', desired: 'stopped', dueInMs: null },
    },
    {
      order: 'a stopped agent that PM2 resurrected at boot is killed',
      play: () => {
        const story = up().asksStop().killEnds().reboots();
        const listed = [again(story.run, { upSince: story.now - 1_000 })];
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, listed });
      },
      leadsTo: { phase: 'stopping, then stopped', desired: 'stopped' },
    },
    {
      order: 'a wanted agent that PM2 resurrected at boot is adopted',
      play: () => {
        const story = up().reboots();
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0' },
    },
    {
      order: 'a stop in progress is over, even if another process has the pid',
      play: () => up().asksStop().reboots().deadlineComes().killEnds(),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'a launch that was not answered is looked for, then tried again',
      play: () => {
        const gone = { scanned: true, daemon: YOUNGER_DAEMON } as const;
        return new Story()
          .asksStart()
          .launchIsUnknown(DAEMON)
          .reboots()
          .sees({ ...gone, boot: true })
          .sees(gone);
      },
      leadsTo: { phase: 'starting', desired: 'running' },
    },
    {
      order: 'a halted agent stays halted',
      play: () =>
        halted()
          .reboots(1_000)
          .sees({ ...boot, daemon: YOUNGER_DAEMON }),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 1' },
    },
  ]);
});
