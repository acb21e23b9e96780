import {
  runOf,
  type LaunchFacts,
  type LaunchFault,
  type MachineEvent,
  type Observation,
  type Run,
} from '../../src/healing/machine';
import type { ProcessIdentity } from '../../src/processes';
import { checkOf, CRASH, DAEMON, makeRun, type CheckedEvent } from './machine-builders';
import { Drive } from './machine-drive';

type Exit = Extract<MachineEvent, { type: 'exited' }>['exit'];

/** Tells the story of one agent in the words of callers, PM2 and the clock. */
export class Story extends Drive {
  /** Sends a check of the process that is up. */
  isChecked(changes: Partial<CheckedEvent> = {}): this {
    return this.send(checkOf(this.run, changes));
  }

  // -- requests ------------------------------------------------------------------------------------------------------

  asksStart(by: 'operator' | 'routing' | 'autostart' = 'operator', mayTrial = true): this {
    return this.send({ type: 'start-asked', by, mayTrial });
  }

  asksStop(hasFreshSnapshot = true): this {
    return this.send({ type: 'stop-asked', by: 'an operator', hasFreshSnapshot });
  }

  asksRestart(delayMs = 0): this {
    return this.send({ type: 'restart-asked', reason: 'asked', delayMs });
  }

  isRegistered(autostart = false): this {
    return this.send({ type: 'register-asked', name: 'Agent', entryPoint: 'agent.py', autostart });
  }

  asksReset(): this {
    return this.send({ type: 'reset-asked' });
  }

  /** Records failures manually until the circuit opens; its owner then notifies healing. */
  tripsByHand(): this {
    const event = { type: 'failure', restartable: false, trial: true } as const;
    return this.send({ type: 'circuit-asked', event });
  }

  // -- results of launches and kills ---------------------------------------------------------------------------------

  /** Returns the run with an ID and creates it at first use, so that a repeated answer is about the same process. */
  runFor(runId: string, changes: Partial<Run> = {}): Run {
    const known = this.runs.get(runId);
    if (known !== undefined) return known;
    const pid = 1001 + this.runs.size;
    const run = makeRun({
      runId,
      process: { pid, startTime: pid },
      upSince: this.now,
      launchedAt: this.now,
      ...changes,
    });
    this.runs.set(runId, run);
    return run;
  }

  launchSucceeds(changes: Partial<Run> = {}): this {
    return this.send({ type: 'launch-succeeded', run: this.runFor(this.runId, changes) });
  }

  launchFails(fault: LaunchFault): this {
    return this.send({ type: 'launch-failed', runId: this.runId, fault });
  }

  launchIsUnknown(listedUnder: ProcessIdentity | null = null, facts: LaunchFacts | null = null): this {
    return this.send({ type: 'launch-unknown', runId: this.runId, listedUnder, facts });
  }

  launchIsBlocked(look: Partial<Observation>): this {
    const { runId } = this;
    return this.waits(1).send({ type: 'launch-blocked', runId, observation: this.observation(look) });
  }

  killEnds(gone = true): this {
    const { phase } = this.machineState.state;
    const scope = phase.kind === 'stopping' && phase.then.kind === 'start' ? 'run' : 'agent';
    return this.send({ type: 'kill-ended', runId: this.runId, scope, gone, pids: this.pids });
  }

  /** Starts the agent on the operator's request until it is up. */
  isUp(): this {
    return this.asksStart().launchSucceeds();
  }

  // -- events from PM2 -----------------------------------------------------------------------------------------------

  exits(exit: Exit = CRASH, ordered = false): this {
    const { runId } = this;
    const upSince = runOf(this.machineState.state.phase)?.upSince ?? this.now;
    return this.send({ type: 'exited', runId, upSince, exit, ordered });
  }

  sees(look: Partial<Observation> = {}): this {
    return this.waits(1).send({ type: 'observed', observation: this.observation(look) });
  }

  observation(look: Partial<Observation>): Observation {
    return {
      ...{ beganAt: this.now, scanned: false, daemon: DAEMON, listed: [], unlisted: [], boot: false },
      ...look,
    };
  }

  operatorStops(upSince: number, at = this.now): this {
    return this.send({ type: 'operator-stopped', upSince, at });
  }

  daemonIsEnded(daemon = DAEMON): this {
    return this.send({ type: 'daemon-ending', daemon });
  }

  // -- time ----------------------------------------------------------------------------------------------------------

  /** Advances to the deadline of the phase and fires the timer. Without a deadline, only the timer fires. */
  deadlineComes(): this {
    this.now = Math.max(this.now, this.deadline ?? this.now);
    return this.send({ type: 'timer' });
  }

  /** Advances until the run is stable. */
  becomesStable(): this {
    return this.deadlineComes().deadlineComes();
  }

  /** Copies the story; the copy continues independently. */
  fork(): Story {
    const story = new Story(this.policy, this.random);
    story.now = this.now;
    story.machineState = this.machineState;
    for (const [runId, run] of this.runs) story.runs.set(runId, run);
    story.made = this.made;
    return story;
  }
}

/** Expected state of a story; only the given members are compared. */
export type Picture = Partial<
  Pick<Story, 'phase' | 'desired' | 'circuit' | 'status' | 'attempt' | 'dueInMs' | 'acts' | 'records' | 'answers'>
>;

export function expectStory(story: Story, picture: Picture): void {
  const seen = Object.keys(picture).map((member) => [member, story[member as keyof Picture]]);
  expect(Object.fromEntries(seen)).toEqual(picture);
}
