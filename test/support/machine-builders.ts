import { diagnosisOf, type DesiredState, type Diagnosis, type Random } from '../../src/kernel';
import { CLOSED_CIRCUIT, nextCircuit, revivedCircuit } from '../../src/circuit';
import type { ListedProcess, ProcessIdentity, UnlistedProcess } from '../../src/runtime';
import {
  afterReboot,
  afterRestore,
  currentRunId,
  deadlineOf,
  incarnationOf,
  newAgentState,
  revivedState,
  runOf,
  statusOf,
  transition,
  type Effect,
  type HealingPolicy,
  type LaunchFault,
  type MachineEvent,
  type Observation,
  type Phase,
  type Run,
  type Situation,
} from '../../src/healing/machine';

export const START = Date.UTC(2026, 0, 1);
export const HOUR_MS = 3_600_000;

export const POLICY: HealingPolicy = {
  restart: 'always',
  verifyMs: 10_000,
  stableMs: 60_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 300_000,
  restartDelayMs: 0,
  killTimeoutMs: 10_000,
  graceMs: 30_000,
  isChecked: false,
  isExternal: false,
  isFleetIncident: false,
  reminderMs: 4 * HOUR_MS,
  circuit: { failureThreshold: 5, failuresPerHour: 20, cooldownMs: 60_000 },
};

/** A policy whose first failure opens the circuit. */
export const TRIPS_AT_ONCE = { circuit: { ...POLICY.circuit, failureThreshold: 1 } };

/** The daemon that launches everything at first, and the one that comes after its end. */
export const DAEMON: ProcessIdentity = { pid: 50, startTime: 500 };
export const YOUNGER_DAEMON: ProcessIdentity = { pid: 60, startTime: 600 };

export const CRASH = { exitCode: 1, signal: null };
export const CLEAN_EXIT = { exitCode: 0, signal: null };
export const KILLED = { exitCode: 0, signal: 'SIGKILL' };

export const REFUSED = {
  kind: 'refused',
  refusal: 'entry-point-missing',
  evidence: 'There is no file agent.py.',
} as const;
export const NO_PID = { kind: 'failed', evidence: 'PM2 gave no pid.' } as const;
export const NO_MEMORY = { kind: 'resources', evidence: 'spawn ENOMEM' } as const;
export const PM2_AWAY = { kind: 'unavailable', evidence: 'PM2 does not answer.' } as const;

export const HUNG: Diagnosis = diagnosisOf('hung', 'no answer within 5 s, three times in a row');
export const OVER_BUDGET: Diagnosis = diagnosisOf('over-budget', '1,200 tokens of 1,000 used');
export const ANSWERED_500 = { cause: 'unhealthy-response', line: 'answered 500' } as const;

/** A periodic check of a run: good unless told. */
export function checkOf(run: Run, changes: Partial<CheckedEvent> = {}): CheckedEvent {
  const good = { problem: null, withinGrace: false, failing: null, mayAct: true };
  return { type: 'checked', incarnation: incarnationOf(run), ...good, ...changes };
}

type CheckedEvent = Extract<MachineEvent, { type: 'checked' }>;

export function makeRun(changes: Partial<Run> = {}): Run {
  return {
    runId: 'run',
    process: { pid: 1001, startTime: 1001 },
    pmId: 0,
    upSince: START,
    launchedAt: START,
    log: null,
    daemon: DAEMON,
    ...changes,
  };
}

/** The entry of a run as a list shows it while its process lives. */
export function online(run: Run, changes: Partial<ListedProcess> = {}): ListedProcess {
  const { runId, process, pmId, upSince } = run;
  return {
    ...{ agentId: 'agent', pmId, uniqueId: `unique-${runId}`, state: 'online', process, runId, upSince },
    ...{ wasEndOrdered: false, memoryBytes: null, cpuPercent: null },
    ...changes,
  };
}

/** The same entry once the process has ended. */
export function ended(run: Run, changes: Partial<ListedProcess> = {}): ListedProcess {
  return online(run, { state: 'stopped', process: null, ...changes });
}

/** The same entry after a start or restart in the operator's shell: the run id stays, the process is another. */
export function again(run: Run, changes: Partial<ListedProcess> = {}): ListedProcess {
  const pid = run.process.pid + 5_000;
  return online(run, { process: { pid, startTime: pid }, upSince: run.upSince + 1, ...changes });
}

/** A run that lives behind no entry of the list. */
export function orphan(run: Run, changes: Partial<UnlistedProcess> = {}): UnlistedProcess {
  return { agentId: 'agent', runId: run.runId, process: run.process, leader: true, isNew: false, ...changes };
}

type Exit = Extract<MachineEvent, { type: 'exited' }>['exit'];

/**
 * One agent's life, event by event, through `transition` alone: time, chance and ids are fixed, and what the effects ask
 * for is answered by the test.
 */
export class Story {
  now = START;
  situation: Situation;
  /** The latest event, what it met, and what followed from it. */
  event: MachineEvent | null = null;
  before: Situation;
  effects: readonly Effect[] = [];
  diagnosis: Diagnosis | null = null;
  readonly policy: HealingPolicy;
  /** Every run that was launched so far. */
  readonly runs = new Map<string, Run>();
  private made = 0;

  constructor(
    policy: Partial<HealingPolicy> = {},
    private readonly random: Random = () => 0.5,
  ) {
    this.policy = { ...POLICY, ...policy };
    this.situation = { state: newAgentState(START - 1), desired: 'stopped', circuit: CLOSED_CIRCUIT };
    this.before = this.situation;
  }

  send(event: MachineEvent): this {
    const { now, random, policy } = this;
    const newId = () => `id-${++this.made}`;
    const context = { now, wall: now, random, newId, policy, diagnosis: this.diagnosis };
    const decision = transition(frozen(this.situation), event, context);
    this.event = event;
    this.before = this.situation;
    this.situation = decision.situation;
    this.effects = decision.effects;
    return this;
  }

  /** A check of the process that is up. */
  isChecked(changes: Partial<CheckedEvent> = {}): this {
    return this.send(checkOf(this.run, changes));
  }

  /** From here on somebody looks why a run ended, and finds this. */
  finds(diagnosis: Diagnosis | null): this {
    this.diagnosis = diagnosis;
    return this;
  }

  waits(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  // -- people --------------------------------------------------------------------------------------------------------

  asksStart(by: 'operator' | 'routing' | 'autostart' = 'operator', mayTrial = true): this {
    return this.send({ type: 'start-asked', by, mayTrial });
  }

  asksStop(looked = true): this {
    return this.send({ type: 'stop-asked', by: 'a person', looked });
  }

  asksRestart(delayMs = 0): this {
    return this.send({ type: 'restart-asked', reason: 'asked', delayMs });
  }

  asksReset(): this {
    return this.send({ type: 'reset-asked' });
  }

  /** Failures are counted by hand until the circuit opens, and its owner tells healing of it. */
  tripsByHand(): this {
    const event = { type: 'failure', restartable: false, trial: true } as const;
    const circuit = nextCircuit(this.situation.circuit, event, this.policy.circuit, this.now);
    this.situation = { ...this.situation, circuit };
    return this.send({ type: 'circuit-moved' });
  }

  // -- what becomes of what was asked of PM2 -------------------------------------------------------------------------

  /** The run of an id, made at its first mention: an answer that comes twice speaks of one process. */
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

  launchIsUnknown(listedUnder: ProcessIdentity | null = null): this {
    return this.send({ type: 'launch-unknown', runId: this.runId, listedUnder });
  }

  launchIsBlocked(look: Partial<Observation>): this {
    const { runId } = this;
    return this.waits(1).send({ type: 'launch-blocked', runId, observation: this.observation(look) });
  }

  killEnds(gone = true): this {
    const { phase } = this.situation.state;
    const scope = phase.kind === 'stopping' && phase.then.kind === 'start' ? 'run' : 'agent';
    return this.send({ type: 'kill-ended', runId: this.runId, scope, gone, pids: [this.run.process.pid] });
  }

  /** It starts and is up, by a person's order. */
  isUp(): this {
    return this.asksStart().launchSucceeds();
  }

  // -- what PM2 tells ------------------------------------------------------------------------------------------------

  exits(exit: Exit = CRASH, ordered = false): this {
    const { runId } = this;
    const upSince = runOf(this.situation.state.phase)?.upSince ?? this.now;
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

  /** The moment for which the phase waits comes; a phase that waits for none just hears a timer. */
  deadlineComes(): this {
    this.now = Math.max(this.now, this.deadline ?? this.now);
    return this.send({ type: 'timer' });
  }

  /** Runs on until it is stable. */
  becomesStable(): this {
    return this.deadlineComes().deadlineComes();
  }

  /** The supervisor is killed, and starts again from what was saved; `awayMs` pass between. */
  supervisorRestarts(awayMs = 1_000): this {
    this.now += awayMs;
    const { state, circuit, desired } = this.situation;
    this.situation = {
      state: revivedState(structuredClone(state), this.now, HOUR_MS),
      desired,
      circuit: revivedCircuit(circuit, this.now),
    };
    this.effects = [];
    return this;
  }

  /** The machine starts anew, and we with it: no process lives, and the daemon is another. */
  reboots(awayMs = 60_000): this {
    this.situation = { ...this.situation, state: afterReboot(this.situation.state, this.desired) };
    return this.supervisorRestarts(awayMs);
  }

  /** A backup of an earlier moment is restored, and the supervisor starts from it; all else has gone on. */
  restores({ situation }: Story, awayMs = 1_000): this {
    this.situation = { ...situation, state: afterRestore(situation.state, situation.desired) };
    return this.supervisorRestarts(awayMs);
  }

  /** A life of its own from here on. */
  fork(): Story {
    const story = new Story(this.policy, this.random);
    story.now = this.now;
    story.situation = this.situation;
    for (const [runId, run] of this.runs) story.runs.set(runId, run);
    story.made = this.made;
    return story;
  }

  // -- what has become -----------------------------------------------------------------------------------------------

  /** The run whose word counts now. */
  get runId(): string {
    return currentRunId(this.situation.state.phase) ?? this.situation.state.lastRun?.runId ?? 'none';
  }

  /** The latest run that was up. */
  get run(): Run {
    const run = runOf(this.situation.state.phase) ?? this.situation.state.lastRun;
    if (run === null) throw new Error('nothing was up yet');
    return run;
  }

  get phase(): string {
    return labelOf(this.situation.state.phase);
  }

  get desired(): DesiredState {
    return this.situation.desired;
  }

  /** State and count. */
  get circuit(): string {
    return `${this.situation.circuit.state} ${this.situation.circuit.failureCount}`;
  }

  get attempt(): number | null {
    return this.situation.state.incident?.attempt ?? null;
  }

  get status(): string {
    return statusOf(this.situation);
  }

  get deadline(): number | null {
    return deadlineOf(this.situation, this.policy);
  }

  /** Milliseconds until the phase wants to be looked at again; null: never by itself. */
  get dueInMs(): number | null {
    return this.deadline === null ? null : this.deadline - this.now;
  }

  /** What is to be done to processes, and where to look. */
  get acts(): string[] {
    return this.effects.flatMap(actOf);
  }

  /** What goes into the history. */
  get records(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'record' ? [effect.event] : []));
  }

  /** What those who wait are told. */
  get answers(): string[] {
    return this.effects.flatMap((effect) => {
      if (effect.type !== 'answer') return [];
      return [`${effect.waiters}: ${effect.answer.kind === 'done' ? 'done' : effect.answer.code}`];
    });
  }

  get launch(): Extract<Effect, { type: 'launch' }> {
    const launch = this.effects.find((effect) => effect.type === 'launch');
    if (launch === undefined) throw new Error('nothing was launched');
    return launch;
  }
}

/** What a test says of a story; only what is named is compared. */
export type Picture = Partial<
  Pick<Story, 'phase' | 'desired' | 'circuit' | 'status' | 'attempt' | 'dueInMs' | 'acts' | 'records' | 'answers'>
>;

export function expectStory(story: Story, picture: Picture): void {
  const seen = Object.keys(picture).map((member) => [member, story[member as keyof Picture]]);
  expect(Object.fromEntries(seen)).toEqual(picture);
}

/** A phase in words: its kind, and what tells it from others of its kind. */
export function labelOf(phase: Phase): string {
  switch (phase.kind) {
    case 'starting':
      return phase.outcome === 'pending' ? 'starting' : 'starting, unknown';
    case 'running':
      return phase.stable ? 'running, stable' : 'running';
    case 'stopping':
      return `stopping, then ${phase.then.kind}`;
    case 'down':
      return `down, ${phase.why}`;
    case 'stopped':
    case 'verifying':
      return phase.kind;
  }
}

function actOf(effect: Effect): string[] {
  switch (effect.type) {
    case 'launch':
      return ['launch'];
    case 'kill':
      return [`kill ${effect.scope} ${effect.process?.pid ?? '?'}`];
    case 'end-process':
      return [`end ${effect.why} ${effect.process.pid}`];
    case 'sweep':
      return [`sweep ${effect.runId}`];
    case 'forget':
      return [`forget ${effect.pmId}`];
    case 'observe':
      return [effect.scan ? 'scan' : 'list'];
    case 'circuit':
    case 'notify':
    case 'record':
    case 'record-restart':
    case 'answer':
      return [];
  }
}

/** A decision that wrote into what it was given would throw. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen<unknown>(member);
  }
  return value;
}
