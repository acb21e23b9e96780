import { isSettledWithin, messageOf, Problem, type Diagnosis, type Timer } from '../kernel';
import type { EventDraft } from '../events';
import { doubtOf } from '../persistence';
import type { Change, RestartRecord, Telling } from './journal';
import {
  deadlineOf,
  endToDiagnose,
  transition,
  type Answer,
  type Decision,
  type Effect,
  type AgentState,
  type MachineEvent,
  type Situation,
  type Waiters,
} from './machine';
import { CommandTurns } from './command-turns';
import { Mailbox } from './mailbox';
import type { SupervisionPorts } from './ports';

/** How long an answer waits for what it tells of to be on disk. */
const SAVE_MS = 1_000;

/** What a cell asks of the outside; outcomes come back to it as events. */
export type ActingEffect = Exclude<Effect, { type: 'record' | 'record-restart' | 'notify' | 'answer' | 'circuit' }>;
export type Act = (cell: AgentCell, effect: ActingEffect) => void;

/** A command was done, but the database could not take it: it acts, and is saved as soon as possible. */
export interface CommandResult {
  readonly recorded: boolean;
}

interface Waiter {
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (problem: Problem) => void;
  readonly result: CommandResult;
}

interface Message {
  readonly event: MachineEvent;
  /** `Clock.now()` when it was told. What waits behind a slow commit happened then, and before the lists that came since. */
  readonly toldAt: number;
  readonly command: { readonly waiters: Waiters; readonly waiter: Omit<Waiter, 'result'> } | null;
}

/**
 * One agent: its state, the mailbox before it, the timer of its phase and those who wait for an answer. The only place
 * that calls `transition`; one event at a time.
 */
export class AgentCell {
  readonly turns = new CommandTurns();
  private readonly mailbox: Mailbox<Message>;
  private readonly waiters: Record<Waiters, Waiter[]> = { up: [], down: [], decided: [] };
  private timer: Timer | null = null;
  /** Of the latest decision that nobody asked for. */
  private lastSave: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(
    readonly agentId: string,
    private state: AgentState,
    private readonly ports: SupervisionPorts,
    private readonly act: Act,
    /** Asked before what is due is acted on: after a time in which nothing ran, the world is looked at first. */
    private readonly isHeldUp: (lateMs: number) => boolean,
  ) {
    this.mailbox = new Mailbox(
      (message) => this.handle(message),
      (error) => {
        ports.log.warn({ agentId, error: messageOf(error) }, 'an event could not be handled');
      },
    );
  }

  /** The agent as it stands. */
  situation(): Situation {
    return {
      state: this.state,
      desired: this.ports.desired.desiredState(this.agentId),
      circuit: this.ports.circuits.circuitOf(this.agentId),
    };
  }

  /** True while a command waits for its answer. */
  isBusy(): boolean {
    return this.waiters.up.length + this.waiters.down.length > 0;
  }

  post(event: MachineEvent): void {
    if (!this.closed) this.mailbox.post({ event, toldAt: this.ports.clock.now(), command: null });
  }

  /**
   * Gives a command and resolves with its answer: for `up` once there is a process, for `down` once there is none.
   *
   * @throws Problem what refused it; `database-unavailable` when it could not be saved, and then it did not act
   */
  command(event: MachineEvent, waiters: Waiters): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      if (this.closed) reject(new Problem('agent-not-found', `There is no agent ${this.agentId} any more.`));
      else
        this.mailbox.post({ event, toldAt: this.ports.clock.now(), command: { waiters, waiter: { resolve, reject } } });
    });
  }

  /** Takes down timer and waiters; late events of this cell fall on deaf ears. */
  close(): void {
    this.closed = true;
    this.timer?.cancel();
    this.timer = null;
    const gone: Answer = { kind: 'refused', code: 'operation-in-progress', detail: 'Supervision of it ends.' };
    this.answer('up', gone);
    this.answer('down', gone);
    this.answer('decided', gone);
  }

  /** Arms the timer of the present phase: after loading, and after each event. */
  arm(): void {
    this.timer?.cancel();
    this.timer = null;
    const { clock } = this.ports;
    const deadline = this.deadline();
    if (deadline === null) return;
    this.timer = clock.after(Math.max(0, deadline - clock.now()), () => {
      this.look();
    });
  }

  /** Acts on what is due by now. */
  look(): void {
    const deadline = this.deadline();
    const lateMs = deadline === null ? -1 : this.ports.clock.now() - deadline;
    if (lateMs >= 0 && !this.isHeldUp(lateMs)) this.post({ type: 'timer' });
  }

  private deadline(): number | null {
    return this.closed ? null : deadlineOf(this.situation(), this.ports.policyOf(this.agentId));
  }

  private async handle(message: Message): Promise<void> {
    if (this.closed) return;
    const before = this.situation();
    const diagnosis = await this.diagnosisFor(before, message.event);
    if (this.isClosed()) return;
    const { clock, random, newId } = this.ports;
    const policy = this.ports.policyOf(this.agentId);
    // A command counts from when its turn has come: what it launches or ends, it does from then on.
    const now = message.command === null ? message.toldAt : clock.now();
    const wall = clock.wall() - (clock.now() - now);
    const decision = transition(before, message.event, { now, wall, random, newId, policy, diagnosis });
    const change = this.changeOf(before, decision, wall);
    let recorded = true;
    if (change !== null) {
      if (message.command === null) this.lastSave = this.ports.journal.commitEventually(change);
      else {
        const saved = await this.save(message, change);
        if (saved instanceof Problem) {
          message.command.waiter.reject(saved);
          return;
        }
        recorded = saved;
      }
    }
    this.take(message, decision, recorded);
  }

  private isClosed(): boolean {
    return this.closed;
  }

  /** Looked into here, one event at a time, so that what comes meanwhile is decided on after it. */
  private async diagnosisFor(before: Situation, event: MachineEvent): Promise<Diagnosis | null> {
    const end = endToDiagnose(before, event);
    return end === null ? null : this.ports.diagnose(this.agentId, end);
  }

  /** Saved before it acts; only a stop acts all the same, and says that it is not recorded yet. */
  private async save(message: Message, change: Change): Promise<boolean | Problem> {
    const isStop = message.event.type === 'stop-asked';
    try {
      await this.ports.journal.commit(change, { isKeptInDoubt: isStop });
      return true;
    } catch (error) {
      if (isStop) {
        // Kept by the journal already where it may have been saved: its events must not be told twice.
        if (doubtOf(error) === null) void this.ports.journal.commitEventually(change);
        return false;
      }
      // What was refused may have been saved all the same: what holds is saved over it.
      if (doubtOf(error) !== null) {
        const { state, desired, circuit } = this.situation();
        void this.ports.journal.commitEventually({
          ...change,
          state,
          desired,
          circuit,
          events: [],
          restarts: [],
          tellings: [],
        });
      }
      return error instanceof Problem ? error : new Problem('database-unavailable', messageOf(error), { cause: error });
    }
  }

  private take(message: Message, decision: Decision, recorded: boolean): void {
    this.state = decision.situation.state;
    this.ports.desired.applyDesired(this.agentId, decision.situation.desired);
    if (message.command !== null) {
      this.waiters[message.command.waiters].push({ ...message.command.waiter, result: { recorded } });
    }
    for (const effect of decision.effects) this.run(effect);
    this.arm();
  }

  private run(effect: Effect): void {
    switch (effect.type) {
      case 'record':
      case 'record-restart':
      case 'notify':
        return; // saved with the change
      case 'answer':
        this.answer(effect.waiters, effect.answer);
        return;
      case 'circuit':
        this.moveCircuit(effect);
        return;
      case 'launch':
      case 'kill':
      case 'end-process':
      case 'sweep':
      case 'forget':
      case 'observe':
        this.act(this, effect);
        return;
    }
  }

  private moveCircuit({ event }: Extract<Effect, { type: 'circuit' }>): void {
    const circuits = this.ports.circuits;
    if (event.type === 'failure') circuits.recordFailure(this.agentId, { ...event, byHealing: true });
    else if (event.type === 'success') circuits.recordSuccess(this.agentId, { byHealing: true });
    else circuits.apply(this.agentId, event);
  }

  private answer(waiters: Waiters, answer: Answer): void {
    for (const waiter of this.waiters[waiters].splice(0)) {
      if (answer.kind === 'done') this.resolve(waiter);
      else waiter.reject(new Problem(answer.code, answer.detail));
    }
  }

  /** What it led to is on disk before it is acknowledged, unless the database is away: that must not hold up a person. */
  private resolve({ resolve, result }: Waiter): void {
    if (!result.recorded) resolve(result);
    else
      void isSettledWithin(this.ports.clock, this.lastSave, SAVE_MS).then(() => {
        resolve(result);
      });
  }

  /** null: nothing is worth saving. */
  private changeOf(before: Situation, decision: Decision, wall: number): Change | null {
    const after = decision.situation;
    const events: EventDraft[] = [];
    const tellings: Telling[] = [];
    const restarts: RestartRecord[] = [];
    for (const effect of decision.effects) {
      if (effect.type === 'record') {
        events.push({ agentId: this.agentId, type: effect.event, data: effect.data, occurredAt: wall });
      } else if (effect.type === 'record-restart') {
        const { reason, pidBefore, pidAfter, success, incidentId } = effect;
        restarts.push({ reason, pidBefore, pidAfter, success, incidentId, restartedAt: wall });
      } else if (effect.type === 'notify') {
        const { incidentId, news } = effect;
        const wallOffsetMs = this.ports.clock.wall() - this.ports.clock.now();
        tellings.push({ incidentId, news, at: wall, wallOffsetMs });
      }
    }
    const same = before.state === after.state && before.desired === after.desired && before.circuit === after.circuit;
    if (same && events.length + tellings.length === 0) return null;
    return {
      agentId: this.agentId,
      state: after.state,
      desired: after.desired,
      circuit: after.circuit,
      events,
      restarts,
      tellings,
    };
  }
}
