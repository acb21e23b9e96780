import type { DesiredState, Diagnosis, NewId, Random } from '../../kernel';
import { nextCircuit, type Circuit, type CircuitEvent } from '../../circuit';
import type { EventType, JsonValue } from '../../events';
import type { Answer, Effect, News, Waiters } from './effect';
import type { HealingPolicy } from './policy';
import type { AgentState, Phase } from './state';

/** One agent as `transition` sees it: its state, and the two facts that others own. */
export interface Situation {
  readonly state: AgentState;
  readonly desired: DesiredState;
  readonly circuit: Circuit;
}

/** What the outside gives to a decision: the machine itself knows no clock and no chance. */
export interface TurnContext {
  readonly now: number;
  readonly wall: number;
  readonly random: Random;
  readonly newId: NewId;
  readonly policy: HealingPolicy;
  /** What was found out about the end of a run, where somebody looked; null: nobody did. */
  readonly diagnosis: Diagnosis | null;
}

/** A decision in the making: the situation as it becomes, and what is to be done. Lives for one `transition` only. */
export class Turn {
  readonly effects: Effect[] = [];

  constructor(
    private situation: Situation,
    readonly context: TurnContext,
  ) {}

  get state(): AgentState {
    return this.situation.state;
  }

  get phase(): Phase {
    return this.situation.state.phase;
  }

  get desired(): DesiredState {
    return this.situation.desired;
  }

  get circuit(): Circuit {
    return this.situation.circuit;
  }

  get now(): number {
    return this.context.now;
  }

  get policy(): HealingPolicy {
    return this.context.policy;
  }

  result(): Situation {
    return this.situation;
  }

  update(changes: Partial<AgentState>): void {
    this.situation = { ...this.situation, state: { ...this.state, ...changes } };
  }

  enter(phase: Phase): void {
    this.update({ phase });
  }

  desire(desired: DesiredState): void {
    this.situation = { ...this.situation, desired };
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

  /** The incident is over: by itself, or because a person has taken it over. Who was told of it, is told of its end. */
  endIncident(how: 'recovered' | 'closed'): void {
    const { incident } = this.state;
    if (incident === null) return;
    if (incident.escalated) {
      const downForMs = Math.max(0, this.context.wall - incident.openedAt);
      const news: News = how === 'closed' ? { kind: how } : { kind: how, downForMs };
      this.effect({ type: 'notify', incidentId: incident.id, news });
    }
    this.update({ incident: null });
  }

  /** Records an event; the events of one incident share its id. */
  record(event: EventType, data: Readonly<Record<string, JsonValue>> = {}): void {
    const incident = this.state.incident;
    this.effect({ type: 'record', event, data: incident === null ? data : { ...data, incidentId: incident.id } });
  }

  recordRestart(row: { reason: string; pidBefore: number | null; pidAfter: number | null; success: boolean }): void {
    this.effect({ type: 'record-restart', ...row, incidentId: this.state.incident?.id ?? null });
  }

  /** A stop ends a trial: the circuit is open and due, as if it had not begun. */
  breakOffTrial(): void {
    if (this.circuit.state === 'HALF_OPEN') this.moveCircuit({ type: 'trial-ended', retry: 'now' });
  }

  /** Moves the circuit, and records where it went. */
  moveCircuit(event: CircuitEvent): void {
    const before = this.circuit;
    const after = nextCircuit(before, event, this.policy.circuit, this.now);
    this.situation = { ...this.situation, circuit: after };
    this.effect({ type: 'circuit', event });
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
