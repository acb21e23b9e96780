import type { DesiredState, Diagnosis, Random } from '../../src/kernel';
import { CLOSED_CIRCUIT, rehydrateCircuit } from '../../src/circuit';
import {
  adaptToReboot,
  adaptToRestore,
  currentRunId,
  deadlineOf,
  newAgentState,
  rehydrateState,
  runOf,
  statusOf,
  transition,
  type Effect,
  type HealingPolicy,
  type MachineEvent,
  type Run,
  type MachineState,
} from '../../src/healing/machine';
import type { LogMark } from '../../src/healing/diagnosis';
import { HOUR_MS, POLICY, START } from './machine-builders';
import { actOf, labelOf } from './machine-pictures';

/**
 * Drives one agent through `transition` only, event by event. Time, randomness and IDs are fixed, and the test supplies
 * the results of the effects.
 */
export class Drive {
  now = START;
  machineState: MachineState;
  /** Latest event, with the machine state before it and its effects. */
  event: MachineEvent | null = null;
  before: MachineState;
  effects: readonly Effect[] = [];
  diagnosis: Diagnosis | null = null;
  /** End of the logs, read before each later decision. */
  logEnd: LogMark | null = null;
  policy: HealingPolicy;
  /** Every run that was launched so far. */
  readonly runs = new Map<string, Run>();
  protected made = 0;

  constructor(
    policy: Partial<HealingPolicy> = {},
    protected readonly random: Random = () => 0.5,
  ) {
    this.policy = { ...POLICY, ...policy };
    this.machineState = { state: newAgentState(START - 1), desired: 'stopped', circuit: CLOSED_CIRCUIT };
    this.before = this.machineState;
  }

  send(event: MachineEvent): this {
    const { now, random, policy } = this;
    const newId = () => `id-${++this.made}`;
    const at = (wallMs: number) => Math.min(now, wallMs);
    const context = { now, wall: now, at, random, newId, policy, diagnosis: this.diagnosis, logEnd: this.logEnd };
    const decision = transition(frozen(this.machineState), event, context);
    this.event = event;
    this.before = this.machineState;
    this.machineState = decision.machineState;
    this.effects = decision.effects;
    return this;
  }

  /** Sets the diagnosis of every later exit. */
  finds(diagnosis: Diagnosis | null): this {
    this.diagnosis = diagnosis;
    return this;
  }

  /** Sets the end of the logs for every later decision. */
  logsEndAt(logEnd: LogMark): this {
    this.logEnd = logEnd;
    return this;
  }

  /** Changes the policy of every later decision. */
  with(changes: Partial<HealingPolicy>): this {
    this.policy = { ...this.policy, ...changes };
    return this;
  }

  waits(milliseconds: number): this {
    this.now += milliseconds;
    return this;
  }

  /** Kills the supervisor and starts it from the saved state after `awayMs`. */
  supervisorRestarts(awayMs = 1_000): this {
    this.now += awayMs;
    const { state, circuit, desired } = this.machineState;
    this.machineState = {
      state: rehydrateState(structuredClone(state), this.now, HOUR_MS),
      desired,
      circuit: rehydrateCircuit(circuit, this.now),
    };
    this.effects = [];
    return this;
  }

  /** Reboots the machine and the supervisor: no process survives, and the daemon is a new one. */
  reboots(awayMs = 60_000): this {
    this.machineState = { ...this.machineState, state: adaptToReboot(this.machineState.state, this.desired) };
    return this.supervisorRestarts(awayMs);
  }

  /** Restores a backup of an earlier moment and starts the supervisor from it. Everything else has continued. */
  restores({ machineState }: Drive, awayMs = 1_000): this {
    this.machineState = { ...machineState, state: adaptToRestore(machineState.state, machineState.desired) };
    return this.supervisorRestarts(awayMs);
  }

  // -- resulting state -----------------------------------------------------------------------------------------------

  /** ID of the run that events are currently accepted for. */
  get runId(): string {
    return currentRunId(this.machineState.state.phase) ?? this.machineState.state.lastRun?.runId ?? 'none';
  }

  protected get pids(): number[] {
    const run = runOf(this.machineState.state.phase) ?? this.machineState.state.lastRun;
    return run === null ? [] : [run.process.pid];
  }

  /** Latest run that was up. */
  get run(): Run {
    const run = runOf(this.machineState.state.phase) ?? this.machineState.state.lastRun;
    if (run === null) throw new Error('nothing was up yet');
    return run;
  }

  get phase(): string {
    return labelOf(this.machineState.state.phase);
  }

  get desired(): DesiredState {
    return this.machineState.desired;
  }

  /** State and failure count. */
  get circuit(): string {
    return `${this.machineState.circuit.state} ${this.machineState.circuit.failureCount}`;
  }

  get attempt(): number | null {
    return this.machineState.state.incident?.attempt ?? null;
  }

  get status(): string {
    return statusOf(this.machineState);
  }

  get deadline(): number | null {
    return deadlineOf(this.machineState, this.policy);
  }

  /** Milliseconds until the deadline of the phase; null if it has none. */
  get dueInMs(): number | null {
    return this.deadline === null ? null : this.deadline - this.now;
  }

  /** Effects on processes and on the list, including requested snapshots. */
  get acts(): string[] {
    return this.effects.flatMap(actOf);
  }

  /** Events that are recorded in the history. */
  get records(): string[] {
    return this.effects.flatMap((effect) => (effect.type === 'record' ? [effect.event] : []));
  }

  /** Answers to waiting callers. */
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

/** Freezes a value deeply, so that a decision that mutates its input throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) frozen<unknown>(member);
  }
  return value;
}
