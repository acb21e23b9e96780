import {
  again,
  CLEAN_EXIT,
  CRASH,
  KILLED,
  NO_MEMORY,
  NO_PID,
  PM2_AWAY,
  YOUNGER_DAEMON,
} from '../../../test/support/machine-builders';
import { expectStory, type Picture, Story } from '../../../test/support/machine-story';

/** One decided order of events. The specs of the handlers go into detail. */
interface Row {
  readonly order: string;
  readonly play: () => Story;
  readonly leadsTo: Picture;
}

const up = () => new Story().isUp().becomesStable();

const boot = { boot: true, scanned: true } as const;

function check(rows: readonly Row[]): void {
  it.each(rows.map((row) => [row.order, row] as const))('%s', (_, { play, leadsTo }) => {
    expectStory(play(), leadsTo);
  });
}

describe('what counts as a failure', () => {
  check([
    { order: 'an exit that was not ordered', play: () => up().exits(), leadsTo: { circuit: 'CLOSED 1' } },
    {
      order: 'a failed launch by healing',
      play: () => up().exits().launchFails(NO_PID),
      leadsTo: { circuit: 'CLOSED 2' },
    },
    {
      order: 'at most one failure a generation: the exit of one run is reported twice',
      play: () => {
        const story = up();
        const { run } = story;
        return story
          .exits()
          .send({ type: 'exited', runId: run.runId, upSince: run.upSince, exit: CRASH, ordered: false });
      },
      leadsTo: { circuit: 'CLOSED 1' },
    },
    {
      order: 'never: a lost daemon',
      play: () => up().sees({ daemon: YOUNGER_DAEMON, scanned: true }),
      leadsTo: { circuit: 'CLOSED 0', phase: 'starting' },
    },
    {
      order: 'never: PM2 does not answer a launch',
      play: () => up().exits().launchFails(PM2_AWAY),
      leadsTo: { circuit: 'CLOSED 1', phase: 'down, waiting' },
    },
    {
      order: 'never: a launch fails with ENOMEM',
      play: () => up().exits().launchFails(NO_MEMORY),
      leadsTo: { circuit: 'CLOSED 1', phase: 'down, waiting' },
    },
    {
      order: 'never: the exit follows a stop by the supervisor',
      play: () => up().asksStop().exits(KILLED).killEnds(),
      leadsTo: { circuit: 'CLOSED 0', phase: 'stopped' },
    },
    {
      order: 'never: the exit follows the order of an operator in a shell',
      play: () => up().exits(CLEAN_EXIT, true),
      leadsTo: { circuit: 'CLOSED 0', phase: 'down, operator-acting' },
    },
    {
      order: 'never: the machine was shut down',
      play: () =>
        up()
          .reboots()
          .sees({ ...boot, daemon: YOUNGER_DAEMON }),
      leadsTo: { circuit: 'CLOSED 0', phase: 'starting', attempt: null },
    },
  ]);
});

describe('when the operator uses a shell', () => {
  check([
    {
      order: 'pm2 stop sets the desired state to stopped',
      play: () => {
        const story = up().exits(CLEAN_EXIT, true);
        return story.operatorStops(story.run.upSince);
      },
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'pm2 delete sets the desired state to stopped',
      play: () => up().exits(CLEAN_EXIT, true).waits(1_000).sees({}),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'pm2 start sets the desired state to running',
      play: () => {
        const story = up().asksStop().killEnds();
        const { run } = story.waits(1_000);
        return story.sees({ listed: [again(run, { upSince: story.now })] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', records: ['operator.restarted'] },
    },
    {
      order: 'pm2 restart is not a failure',
      play: () => {
        const story = up().exits(CLEAN_EXIT, true);
        return story.sees({ listed: [again(story.run)] });
      },
      leadsTo: { phase: 'verifying', circuit: 'CLOSED 0', records: ['operator.restarted'] },
    },
    {
      order: 'pm2 kill sets the desired state to stopped after 30 s without a new daemon',
      play: () => up().daemonIsEnded().deadlineComes(),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'pm2 update within 30 s brings back the agent, which is adopted',
      play: () => {
        const story = up().daemonIsEnded().waits(5_000);
        return story.sees({ daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0' },
    },
  ]);
});
