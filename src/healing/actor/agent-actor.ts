import { messageOf, Problem } from '../../kernel';
import {
  decide,
  isActing,
  NO_LOG_FACTS,
  planEvent,
  readLogs,
  type ActingEffect,
  type ActorEvent,
  type Message,
  type Moment,
  type PlannedEvent,
} from './decision';
import { DecisionSaver, undoChange } from './change';
import { AgentTimer } from './agent-timer';
import type { Change } from './journal';
import {
  deadlineOf,
  type AgentState,
  type Decision,
  type Effect,
  type MachineEvent,
  type Phase,
  type MachineState,
  type Waiters,
} from '../machine';
import { Mailbox } from './mailbox';
import { CommandOrder, PendingCommands, type CommandResult } from './pending-commands';
import type { SupervisionPorts } from './ports';

export type Act = (actor: AgentActor, effect: ActingEffect) => void;

/**
 * Holds one agent's state, mailbox and timer, and decides on one event at a time. Every command is answered, even when
 * the actor closes.
 */
export class AgentActor {
  readonly commandOrder = new CommandOrder();
  private readonly mailbox: Mailbox<Message>;
  private readonly pending: PendingCommands;
  private readonly saver: DecisionSaver;
  private readonly timer: AgentTimer;
  /** Reason for callers why the actor is closed; null: it is open. */
  private closedBy: Problem | null = null;

  constructor(
    readonly agentId: string,
    private state: AgentState,
    private readonly ports: SupervisionPorts,
    private readonly act: Act,
    /** Returns true while timers of this phase must not fire: a snapshot must be taken first. */
    private readonly mustWait: (phase: Phase) => boolean,
  ) {
    this.saver = new DecisionSaver(ports.journal);
    this.timer = new AgentTimer(ports.clock, {
      at: () => this.deadline(),
      onDue: () => {
        this.checkDeadline();
      },
    });
    this.pending = new PendingCommands(ports.clock, () => this.saver.lastSave);
    this.mailbox = new Mailbox(
      (message) => this.handle(message),
      (error) => {
        ports.log.warn({ agentId, error: messageOf(error) }, 'event handling failed');
      },
    );
  }

  /** Returns the present machine state: the state held here, and the facts that other modules own. */
  machineState(): MachineState {
    return {
      state: this.state,
      desired: this.ports.definitions.desiredState(this.agentId),
      circuit: this.ports.circuits.circuitOf(this.agentId),
    };
  }

  /** Returns true while a command waits for a process to be up or to be gone. */
  isBusy(): boolean {
    return this.pending.isWaitingForProcess();
  }

  /** Returns true while no event waits behind the one that is being handled. */
  isIdle(): boolean {
    return this.mailbox.waitingCount === 0;
  }

  post(event: MachineEvent): void {
    if (this.closedBy === null) this.mailbox.post({ event, receivedAt: this.moment(), command: null });
  }

  /**
   * Posts a command and resolves with its answer: for `up` once a process exists, for `down` once none does, for
   * `decided` at once. A stop acts even if it could not be saved, and then resolves with `recorded` false.
   *
   * @throws Problem the refusal; `database-unavailable` if any other command could not be saved: it did not act then
   */
  command(event: ActorEvent, waiters: Waiters): Promise<CommandResult> {
    return new Promise((resolve, reject) => {
      if (this.closedBy !== null) reject(this.closedBy);
      else this.mailbox.post({ event, receivedAt: this.moment(), command: { waiters, caller: { resolve, reject } } });
    });
  }

  /** Cancels the timer and refuses every waiting caller. No event in progress is acted on after this. */
  close(reason: Problem): void {
    if (this.closedBy !== null) return;
    this.closedBy = reason;
    this.timer.cancel();
    for (const message of this.mailbox.clear()) message.command?.caller.reject(reason);
    this.pending.refuseAll(reason);
  }

  /** Arms the timer of the present phase. Called after loading and after each event. */
  arm(): void {
    this.timer.arm();
  }

  /** Posts a timer event if the deadline has passed. */
  checkDeadline(): void {
    const deadline = this.deadline();
    if (deadline === null || this.ports.clock.now() < deadline || this.mustWait(this.state.phase)) return;
    this.post({ type: 'timer' });
  }

  private deadline(): number | null {
    return this.closedBy === null ? deadlineOf(this.machineState(), this.ports.policies.of(this.agentId)) : null;
  }

  private moment(): Moment {
    return { now: this.ports.clock.now(), wall: this.ports.clock.wall() };
  }

  /** Handles a message. If that throws, the caller of a command must not wait for its answer forever. */
  private async handle(message: Message): Promise<void> {
    try {
      await this.onMessage(message);
    } catch (error) {
      message.command?.caller.reject(new Problem('internal-error', messageOf(error), { cause: error }));
      throw error;
    }
  }

  private async onMessage(message: Message): Promise<void> {
    const planned = this.plan(message);
    if (planned === null) return;
    const { event, definition } = planned;
    const before = this.machineState();
    const reading = readLogs(this.agentId, before, event, this.ports.diagnosis);
    const logs = reading === null ? NO_LOG_FACTS : await reading;
    if (this.refuseIfClosed(message)) return;
    // A command takes effect when it is handled, not when it was received: it launches and kills only from then on.
    const isCommand = message.command !== null;
    const moment = isCommand ? this.moment() : message.receivedAt;
    const input = { event, definition, moment, ...logs, isCommand, savedOffsetMs: this.saver.wallOffsetMs };
    const { decision, change } = decide(this.agentId, before, input, this.ports);
    let recorded = true;
    if (change !== null) {
      if (message.command === null) this.saver.saveEventually(change);
      else {
        const saved = await this.save(message.event, change);
        if (this.refuseIfClosed(message)) return;
        if (saved instanceof Problem) {
          message.command.caller.reject(saved);
          return;
        }
        recorded = saved;
      }
    }
    this.accept(message, decision, change, recorded);
  }

  /** Returns null if the caller is already answered. */
  private plan(message: Message): PlannedEvent | null {
    if (this.refuseIfClosed(message)) return null;
    try {
      const planned = planEvent(message.event, this.agentId, this.ports.definitions, this.isBusy());
      if (planned === null) message.command?.caller.resolve({ recorded: true });
      return planned;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      message.command?.caller.reject(error);
      return null;
    }
  }

  private refuseIfClosed(message: Message): boolean {
    if (this.closedBy === null) return false;
    message.command?.caller.reject(this.closedBy);
    return true;
  }

  private save(event: ActorEvent, change: Change): Promise<boolean | Problem> {
    const undo = () => undoChange(change, this.machineState(), this.ports.definitions.findAgent(this.agentId));
    return this.saver.save(change, event.type === 'stop-asked', undo);
  }

  private accept(message: Message, decision: Decision, change: Change | null, recorded: boolean): void {
    const { definitions, circuits, viewChanges } = this.ports;
    const { state, desired, circuit } = decision.machineState;
    const definition = change?.definition ?? null;
    if (definition !== null)
      definitions.applyDefinition(this.agentId, definition.kind === 'saved' ? definition.agent : null);
    this.state = state;
    definitions.applyDesired(this.agentId, desired);
    circuits.set(this.agentId, circuit);
    viewChanges.note(this.agentId);
    if (change?.tokens === 'reset') this.ports.memory.resetTokens(this.agentId);
    if (message.command !== null) this.pending.add(message.command.waiters, message.command.caller, { recorded });
    for (const effect of decision.effects) this.apply(effect);
    this.arm();
  }

  private apply(effect: Effect): void {
    if (effect.type === 'answer') this.pending.answer(effect.waiters, effect.answer);
    else if (isActing(effect)) this.act(this, effect);
  }
}
