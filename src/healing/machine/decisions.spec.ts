import {
  again,
  CLEAN_EXIT,
  CRASH,
  ended,
  expectStory,
  KILLED,
  NO_MEMORY,
  NO_PID,
  online,
  PM2_AWAY,
  Story,
  TRIPS_AT_ONCE,
  YOUNGER_DAEMON,
  type Picture,
} from '../../../test/support/machine-builders';

/** The decided orders of events, a row each; `failing.spec.ts`, `shell.spec.ts` and others go deeper into each. */
interface Row {
  readonly order: string;
  readonly play: () => Story;
  readonly leadsTo: Picture;
}

const up = () => new Story().isUp().becomesStable();
const backingOff = () => new Story().isUp().exits().launchSucceeds().waits(1).exits();
const halted = () => new Story(TRIPS_AT_ONCE).isUp().exits();
const trial = () => halted().deadlineComes().launchSucceeds();
const boot = { boot: true, scanned: true } as const;
const afterBoot = (story: Story) => story.supervisorRestarts();

function check(rows: readonly Row[]): void {
  it.each(rows.map((row) => [row.order, row] as const))('%s', (_, { play, leadsTo }) => {
    expectStory(play(), leadsTo);
  });
}

describe('what counts as a failure', () => {
  check([
    { order: 'an exit that nobody ordered', play: () => up().exits(), leadsTo: { circuit: 'CLOSED 1' } },
    {
      order: 'a launch that failed, of healing',
      play: () => up().exits().launchFails(NO_PID),
      leadsTo: { circuit: 'CLOSED 2' },
    },
    {
      order: 'at most one a generation: the same run told twice',
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
      order: 'never: PM2 not answering at a launch',
      play: () => up().exits().launchFails(PM2_AWAY),
      leadsTo: { circuit: 'CLOSED 1', phase: 'down, waiting' },
    },
    {
      order: 'never: ENOMEM at a launch',
      play: () => up().exits().launchFails(NO_MEMORY),
      leadsTo: { circuit: 'CLOSED 1', phase: 'down, waiting' },
    },
    {
      order: 'never: a death that follows our order',
      play: () => up().asksStop().exits(KILLED).killEnds(),
      leadsTo: { circuit: 'CLOSED 0', phase: 'stopped' },
    },
    {
      order: "never: a death that follows an operator's order",
      play: () => up().exits(CLEAN_EXIT, true),
      leadsTo: { circuit: 'CLOSED 0', phase: 'down, operator-acting' },
    },
    {
      order: "never: a death by the machine's own stop",
      play: () =>
        up()
          .reboots()
          .sees({ ...boot, daemon: YOUNGER_DAEMON }),
      leadsTo: { circuit: 'CLOSED 0', phase: 'starting', attempt: null },
    },
  ]);
});

describe('orders of commands and outcomes', () => {
  check([
    {
      order: 'stop during starting, outcome unknown: observed until proven absent',
      play: () => new Story().asksStart().launchIsUnknown().asksStop().sees({ scanned: true }).sees({ scanned: true }),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'stop during starting: a late success is killed, not adopted',
      play: () => new Story().asksStart().launchIsUnknown().asksStop().launchSucceeds(),
      leadsTo: { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] },
    },
    {
      order: 'stop while stopping, then start was due: stopped, and the restart hears of the stop',
      play: () => up().asksRestart().asksStop(),
      leadsTo: { phase: 'stopping, then stopped', answers: ['up: operation-in-progress'] },
    },
    {
      order: 'restart while stopping, then stopped was due: the later command wins',
      play: () => up().asksStop().asksRestart(),
      leadsTo: { phase: 'stopping, then start', desired: 'running' },
    },
    {
      order: "exit before the spawn's answer: one failure, and the caller has the view as it is",
      play: () => new Story().asksStart().exits().launchSucceeds(),
      leadsTo: { circuit: 'CLOSED 1', answers: ['up: done'] },
    },
    {
      order: "no pid ever: launch-failed, no failure counted for a person's command",
      play: () => new Story().asksStart().launchFails(NO_PID),
      leadsTo: { circuit: 'CLOSED 0', phase: 'stopped', desired: 'stopped', answers: ['up: launch-failed'] },
    },
    {
      order: 'spawn during back-off: now; attempt and count neither raised nor reset',
      play: () => backingOff().asksStart(),
      leadsTo: { phase: 'starting', circuit: 'CLOSED 2', attempt: 1, dueInMs: null },
    },
    {
      order: 'spawn in OPEN: it is the trial',
      play: () => halted().asksStart(),
      leadsTo: { phase: 'starting', circuit: 'HALF_OPEN 1' },
    },
    {
      order: "a person's trial that fails: OPEN again for the same time, not doubled",
      play: () => halted().asksStart().launchSucceeds().waits(1).exits(),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 60_000 },
    },
    {
      order: 'a trial of ours that fails: doubled',
      play: () => trial().waits(1).exits(),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 120_000 },
    },
    {
      order: 'stop in OPEN: it stays OPEN, with no timer',
      play: () => halted().asksStop(),
      leadsTo: { phase: 'stopped', circuit: 'OPEN 1', dueInMs: null },
    },
    {
      order: 'stop in HALF_OPEN: the trial ends, OPEN and due; a later spawn is the trial',
      play: () => trial().asksStop().killEnds().asksStart(),
      leadsTo: { phase: 'starting', circuit: 'HALF_OPEN 1' },
    },
    {
      order: 'circuit-reset of what is stopped closes without starting',
      play: () => halted().asksStop().asksReset(),
      leadsTo: { phase: 'stopped', circuit: 'CLOSED 0', acts: [] },
    },
    {
      order: 'supervisor killed in HALF_OPEN, the same process alive: the window begins again',
      play: () => {
        const story = afterBoot(trial());
        return story.sees({ ...boot, listed: [online(story.run)] });
      },
      leadsTo: { phase: 'verifying', circuit: 'HALF_OPEN 1' },
    },
    {
      order: 'supervisor killed in HALF_OPEN, gone: the trial failed',
      play: () => {
        const story = afterBoot(trial());
        return story.sees({ ...boot, listed: [ended(story.run)] });
      },
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 2' },
    },
    {
      order: 'on-failure and exit 0: desired stopped, incident closed, no message',
      play: () => new Story({ restart: 'on-failure' }).isUp().exits(CLEAN_EXIT),
      leadsTo: { phase: 'stopped', desired: 'stopped', attempt: null },
    },
    {
      order: 'never and exit 0: as above',
      play: () => new Story({ restart: 'never' }).isUp().exits(CLEAN_EXIT),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'never and a crash: halted without a trial',
      play: () => new Story({ restart: 'never' }).isUp().exits(),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: null },
    },
    {
      order: 'stop while PM2 hangs: the tree is signalled directly, and nobody asks for a list',
      play: () => up().asksStop(),
      leadsTo: { phase: 'stopping, then stopped', acts: ['kill agent 1001'] },
    },
    {
      order: 'grandchildren of a crashed leader are ended by run id',
      play: () => up().exits(),
      leadsTo: { acts: ['sweep id-1', 'launch'] },
    },
  ]);
});

describe("in the operator's shell", () => {
  check([
    {
      order: 'pm2 stop: desired stopped',
      play: () => {
        const story = up().exits(CLEAN_EXIT, true);
        return story.operatorStops(story.run.upSince);
      },
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'pm2 delete: desired stopped',
      play: () => up().exits(CLEAN_EXIT, true).waits(1_000).sees({}),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'pm2 start: desired running',
      play: () => {
        const story = up().asksStop().killEnds();
        const { run } = story.waits(1_000);
        return story.sees({ listed: [again(run, { upSince: story.now })] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', records: ['operator.restarted'] },
    },
    {
      order: 'pm2 restart: not a failure',
      play: () => {
        const story = up().exits(CLEAN_EXIT, true);
        return story.sees({ listed: [again(story.run)] });
      },
      leadsTo: { phase: 'verifying', circuit: 'CLOSED 0', records: ['operator.restarted'] },
    },
    {
      order: 'pm2 kill: no daemon with the same list within 30 s, desired stopped',
      play: () => up().daemonIsEnded().deadlineComes(),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'pm2 update: a daemon with the same list within 30 s, adopted',
      play: () => {
        const story = up().daemonIsEnded().waits(5_000);
        return story.sees({ daemon: YOUNGER_DAEMON, listed: [again(story.run)] });
      },
      leadsTo: { phase: 'verifying', desired: 'running', circuit: 'CLOSED 0' },
    },
  ]);
});
