import { CLEAN_EXIT, ended, NO_PID, online, TRIPS_AT_ONCE } from '../../../test/support/machine-builders';
import { expectStory, type Picture, Story } from '../../../test/support/machine-story';

/** One decided order of events. The specs of the handlers go into detail. */
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

describe('when commands and outcomes meet', () => {
  check([
    {
      order: 'a stop during a launch with unknown outcome waits until snapshots prove that no process exists',
      play: () =>
        new Story().asksStart().launchIsUnknown().asksStop().sees({ scanned: true }).sees({ scanned: true }).killEnds(),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'a stop during a launch kills a process that comes up late and does not adopt it',
      play: () => new Story().asksStart().launchIsUnknown().asksStop().launchSucceeds(),
      leadsTo: { phase: 'stopping, then stopped', desired: 'stopped', acts: ['kill agent 1001'] },
    },
    {
      order: 'a stop supersedes a restart, and the caller of the restart is refused',
      play: () => up().asksRestart().asksStop(),
      leadsTo: { phase: 'stopping, then stopped', answers: ['up: operation-in-progress'] },
    },
    {
      order: 'a restart supersedes a stop in progress',
      play: () => up().asksStop().asksRestart(),
      leadsTo: { phase: 'stopping, then start', desired: 'running' },
    },
    {
      order: 'an exit before the answer of the spawn is one failure, and the caller gets the present view',
      play: () => new Story().asksStart().exits().launchSucceeds(),
      leadsTo: { circuit: 'CLOSED 1', answers: ['up: done'] },
    },
    {
      order: 'a spawn by an operator that creates no process is answered launch-failed and not counted',
      play: () => new Story().asksStart().launchFails(NO_PID),
      leadsTo: { circuit: 'CLOSED 0', phase: 'stopped', desired: 'stopped', answers: ['up: launch-failed'] },
    },
    {
      order: 'a spawn during back-off starts the agent now and changes neither attempt nor count',
      play: () => backingOff().asksStart(),
      leadsTo: { phase: 'starting', circuit: 'CLOSED 2', attempt: 1, dueInMs: null },
    },
    {
      order: 'a spawn with an OPEN circuit is the trial',
      play: () => halted().asksStart(),
      leadsTo: { phase: 'starting', circuit: 'HALF_OPEN 1' },
    },
    {
      order: 'a failed trial by an operator opens the circuit for the same cool-down again',
      play: () => halted().asksStart().launchSucceeds().waits(1).exits(),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 60_000 },
    },
    {
      order: 'a failed trial by healing doubles the cool-down',
      play: () => trial().waits(1).exits(),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 2', dueInMs: 120_000 },
    },
    {
      order: 'a stop with an OPEN circuit leaves it OPEN, without a timer',
      play: () => halted().asksStop().killEnds(),
      leadsTo: { phase: 'stopped', circuit: 'OPEN 1', dueInMs: null },
    },
    {
      order: 'a stop in HALF_OPEN breaks off the trial; a later spawn is the trial',
      play: () => trial().asksStop().killEnds().asksStart(),
      leadsTo: { phase: 'starting', circuit: 'HALF_OPEN 1' },
    },
    {
      order: 'a reset of a stopped agent closes the circuit and starts nothing',
      play: () => halted().asksStop().killEnds().asksReset(),
      leadsTo: { phase: 'stopped', circuit: 'CLOSED 0', acts: [] },
    },
    {
      order: 'after a supervisor restart in HALF_OPEN a live trial is verified from the start',
      play: () => {
        const story = afterBoot(trial());
        return story.sees({ ...boot, listed: [online(story.run)] });
      },
      leadsTo: { phase: 'verifying', circuit: 'HALF_OPEN 1' },
    },
    {
      order: 'after a supervisor restart in HALF_OPEN a dead trial has failed',
      play: () => {
        const story = afterBoot(trial());
        return story.sees({ ...boot, listed: [ended(story.run)] });
      },
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 2' },
    },
    {
      order: 'exit 0 under on-failure sets the desired state to stopped and closes the incident',
      play: () => new Story({ restart: 'on-failure' }).isUp().exits(CLEAN_EXIT),
      leadsTo: { phase: 'stopped', desired: 'stopped', attempt: null },
    },
    {
      order: 'exit 0 under never sets the desired state to stopped',
      play: () => new Story({ restart: 'never' }).isUp().exits(CLEAN_EXIT),
      leadsTo: { phase: 'stopped', desired: 'stopped' },
    },
    {
      order: 'a crash under never halts the agent without a trial',
      play: () => new Story({ restart: 'never' }).isUp().exits(),
      leadsTo: { phase: 'down, halted', circuit: 'OPEN 1', dueInMs: null },
    },
    {
      order: 'a stop while PM2 hangs signals the process tree directly and takes no snapshot',
      play: () => up().asksStop(),
      leadsTo: { phase: 'stopping, then stopped', acts: ['kill agent 1001'] },
    },
    {
      order: 'descendants of a crashed leader are killed by run id',
      play: () => up().exits(),
      leadsTo: { acts: ['sweep id-1', 'launch'] },
    },
  ]);
});
