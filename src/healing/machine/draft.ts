import type { Clock, DesiredState, Diagnosis, NewId, Random } from '../../kernel';
import { nextCircuit, type Circuit, type CircuitEvent } from '../../circuit';
import type { EventType, JsonValue } from '../../events';
import type { LogMark } from '../diagnosis';
import type { Answer, Effect, IncidentNotification, Waiters } from './effect';
import type { HealingPolicy } from './policy';
import type { Phase } from './phase';
import type { AgentState } from './state';

/** One agent as `transition` sees it: its state, and the two facts that other modules own. */
export interface MachineState {
  readonly state: AgentState;
  readonly desired: DesiredState;
  readonly circuit: Circuit;
}

/** Inputs of a decision. The machine itself has no clock and no randomness. */
export interface DecisionContext {
  readonly now: number;
  readonly wall: number;
  /** {@link Clock.at}: converts PM2's wall-clock times to the scale of `now`. */
  readonly at: Clock['at'];
  readonly random: Random;
  readonly newId: NewId;
  readonly policy: HealingPolicy;
  /** Diagnosis of the exit that the event reports; null: none was made. */
  readonly diagnosis: Diagnosis | null;
  /** End of the agent's logs after the event. Later output belongs to the live process; null: not read. */
  readonly logEnd: LogMark | null;
}

/**
 * Holds a decision in progress: the new machine state and the effects. Handlers change it and return nothing.
 * It lives for one `transition` only.
 */
export class Draft {
  readonly effects: Effect[] = [];

  constructor(
    private machineState: MachineState,
    readonly context: DecisionContext,
  ) {}

  get state(): AgentState {
    return this.machineState.state;
  }

  get phase(): Phase {
    return this.machineState.state.phase;
  }

  get desired(): DesiredState {
    return this.machineState.desired;
  }

  get circuit(): Circuit {
    return this.machineState.circuit;
  }

  get now(): number {
    return this.context.now;
  }

  get policy(): HealingPolicy {
    return this.context.policy;
  }

  result(): MachineState {
    return this.machineState;
  }

  update(changes: Partial<AgentState>): void {
    this.machineState = { ...this.machineState, state: { ...this.state, ...changes } };
  }

  enter(phase: Phase): void {
    this.update({ phase });
  }

  /** Sets the desired state. The start after a stop decides again if the agent runs on demand. */
  desire(desired: DesiredState): void {
    this.machineState = { ...this.machineState, desired };
    if (desired === 'stopped' && this.state.onDemand) this.update({ onDemand: false });
  }

  effect(effect: Effect): void {
    this.effects.push(effect);
  }

  answer(waiters: Waiters, answer: Answer): void {
    this.effect({ type: 'answer', waiters, answer });
  }

  get isPaused(): boolean {
    const until = this.state.pausedUntil;
    return until !== null && this.now < until;
  }

  /** Ends the pause if it has expired. */
  endDuePause(): void {
    const { pausedUntil } = this.state;
    if (pausedUntil !== null && this.now >= pausedUntil) this.endPause('expired');
  }

  endPause(why: string): void {
    this.update({ pausedUntil: null });
    this.record('agent.resumed', { why });
  }

  /** Ends the incident. If it was escalated, a recovery is notified; a close only stops the reminders. */
  endIncident(how: 'recovered' | 'closed'): void {
    const { incident } = this.state;
    if (incident === null) return;
    if (incident.escalated) {
      const downForMs = Math.max(0, this.context.wall - incident.openedAt);
      const news: IncidentNotification = how === 'closed' ? { kind: how } : { kind: how, downForMs };
      this.effect({ type: 'notify', incidentId: incident.id, news });
    }
    this.update({ incident: null, previousCause: null });
  }

  /** Records an event; the events of one incident share its id. */
  record(event: EventType, data: Readonly<Record<string, JsonValue>> = {}): void {
    const incident = this.state.incident;
    this.effect({ type: 'record', event, data: incident === null ? data : { ...data, incidentId: incident.id } });
  }

  recordRestart(row: { reason: string; pidBefore: number | null; pidAfter: number | null; success: boolean }): void {
    this.effect({ type: 'record-restart', ...row, incidentId: this.state.incident?.id ?? null });
  }

  /** Breaks off a trial: the circuit is OPEN and due, as if the trial had not started. */
  breakOffTrial(): void {
    if (this.circuit.state === 'HALF_OPEN') this.moveCircuit({ type: 'trial-ended', retry: 'now' });
  }

  /** Applies an event to the circuit and records a change of its state. */
  moveCircuit(event: CircuitEvent): void {
    const before = this.circuit;
    const after = nextCircuit(before, event, this.policy.circuit, this.context);
    this.machineState = { ...this.machineState, circuit: after };
    if (event.type === 'reset') this.record('circuit.reset', { stateBefore: before.state });
    if (before.state === after.state) return;
    switch (after.state) {
      case 'OPEN':
        this.record('circuit.opened', {
          failureCount: after.failureCount,
          trialInSeconds: after.dueAt === null ? null : Math.round((after.dueAt - this.now) / 1000),
        });
        return;
      case 'HALF_OPEN':
        this.record('circuit.half-opened', { by: after.trialBy });
        return;
      case 'CLOSED':
        this.record('circuit.closed', { stateBefore: before.state });
        return;
    }
  }
}
