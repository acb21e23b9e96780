import {
  again,
  CLEAN_EXIT,
  DAEMON,
  ended,
  expectStory,
  online,
  orphan,
  Story,
  TRIPS_AT_ONCE,
  YOUNGER_DAEMON,
  type Picture,
} from '../../../test/support/machine-builders';

/** What is found at boot, after a lost daemon and after a reboot, and what is done: a row each. */
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

describe('at boot, and after a daemon was lost', () => {
  check([
    {
      order: 'listed online, our run: adopted',
      play: () => {
        const story = afterBoot(up());
        return story.sees({ ...boot, listed: [online(story.run)] });
      },
      leadsTo: { phase: 'running, stable', records: ['agent.adopted'], acts: [] },
    },
    {
      order: 'listed online, desired stopped, same pid: the stop is finished',
      play: () => {
        const story = afterBoot(up().asksStop());
        return story.sees({ ...boot, listed: [online(story.run)] }).deadlineComes();
      },
      leadsTo: { phase: 'stopping, then stopped', acts: ['kill agent 1001'] },
    },
    {
      order: 'listed online, desired stopped, a newer start: the operator started it',
      play: () => {
        const story = afterBoot(up().asksStop().killEnds());
        return story.sees({ ...boot, listed: [again(story.run, { upSince: story.now })] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', records: ['operator.restarted'] },
    },
    {
      order: 'listed stopped, the log shows an ordered stop: desired stopped',
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
      order: 'listed stopped, the log shows the first half of a restart: adopted',
      play: () => {
        const story = afterBoot(up());
        const { run } = story;
        return story.sees({ ...boot, listed: [ended(run, { wasEndOrdered: true })] }).sees({ listed: [again(run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0' },
    },
    {
      order: 'listed stopped, no such line: healed',
      play: () => {
        const story = afterBoot(up());
        return story.sees({ ...boot, listed: [ended(story.run)] });
      },
      leadsTo: { phase: 'starting', desired: 'running', circuit: 'CLOSED 1' },
    },
    {
      order: 'absent, same daemon: deleted by a person',
      play: () => afterBoot(up()).sees({ ...boot }),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'absent, younger daemon: lost, started',
      play: () => afterBoot(up()).sees({ ...boot, daemon: YOUNGER_DAEMON }),
      leadsTo: { phase: 'starting', circuit: 'CLOSED 0' },
    },
    {
      order: 'absent, new boot id, a daemon whose pid and start time are those of the old one: lost, started',
      play: () =>
        up()
          .reboots()
          .sees({ ...boot, daemon: DAEMON }),
      leadsTo: { phase: 'starting', circuit: 'CLOSED 0' },
    },
    {
      order: 'alive, unlisted, our marker: ended with its tree, then started',
      play: () => {
        const story = afterBoot(up());
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, unlisted: [orphan(story.run)] });
      },
      leadsTo: { phase: 'stopping, then start', acts: ['kill run 1001'] },
    },
    {
      order: 'two with our marker, one listed: the listed one is kept',
      play: () => {
        const story = afterBoot(up());
        const { run } = story;
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, listed: [again(run)], unlisted: [orphan(run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', acts: ['end orphan 1001'] },
    },
    {
      order: 'two listed: the saved pid is kept',
      play: () => {
        const story = afterBoot(up());
        const { run } = story;
        return story.sees({ ...boot, listed: [again(run, { pmId: 7 }), online(run)] });
      },
      leadsTo: { phase: 'running, stable', acts: ['end double 6001'] },
    },
    {
      order: 'what is left of a second one leaves the list',
      play: () => {
        const story = up();
        const { run } = story;
        return story.sees({ listed: [online(run), ended(run, { pmId: 7 })] });
      },
      leadsTo: { phase: 'running, stable', acts: ['forget 7'] },
    },
    {
      order: 'an entry that may still come to life is left alone',
      play: () => {
        const story = up();
        const { run } = story;
        return story.sees({ listed: [online(run), ended(run, { pmId: 7, state: 'launching' })] });
      },
      leadsTo: { phase: 'running, stable', acts: [] },
    },
  ]);
});

describe('after a reboot', () => {
  check([
    {
      order: "the machine's stop ended PM2's daemon by an order while we saw it: started all the same",
      play: () => up().daemonIsEnded().reboots().deadlineComes(),
      leadsTo: { phase: 'starting', desired: 'running', circuit: 'CLOSED 0' },
    },
    {
      order: 'an ordered exit came first: started all the same',
      play: () => up().exits(CLEAN_EXIT, true).reboots().deadlineComes(),
      leadsTo: { phase: 'starting', desired: 'running' },
    },
    {
      order: 'what was stopped while the daemon ended stays stopped',
      play: () => up().daemonIsEnded().asksStop().reboots(),
      leadsTo: { phase: 'stopped', desired: 'stopped', dueInMs: null },
    },
    {
      order: "what PM2's own start at boot brought back of what was stopped is ended",
      play: () => {
        const story = up().asksStop().killEnds().reboots();
        const listed = [again(story.run, { upSince: story.now - 1_000 })];
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, listed });
      },
      leadsTo: { phase: 'stopping, then stopped', desired: 'stopped' },
    },
    {
      order: "what PM2's own start at boot brought back of what should run is adopted",
      play: () => {
        const story = up().reboots();
        return story.sees({ ...boot, daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0' },
    },
    {
      order: 'a stop under way is over, whoever has got the pid',
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
      order: 'what was halted stays halted',
      play: () =>
        halted()
          .reboots(1_000)
          .sees({ ...boot, daemon: YOUNGER_DAEMON }),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 1' },
    },
  ]);
});
