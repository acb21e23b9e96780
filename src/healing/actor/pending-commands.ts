import { isSettledWithin, Problem, type Clock } from '../../kernel';
import type { Answer, MachineEvent, Waiters } from '../machine';

/** Limit in milliseconds for which an answer waits until the decisions behind it are on disk. */
const SAVE_MS = 1_000;

/**
 * Result of a command. `recorded` false: the database could not save it, so it acted first and is saved as soon as
 * possible.
 */
export interface CommandResult {
  readonly recorded: boolean;
}

/** Caller of a command. */
export interface Caller {
  readonly resolve: (result: CommandResult) => void;
  readonly reject: (problem: Problem) => void;
}

interface PendingCommand {
  readonly caller: Caller;
  readonly result: CommandResult;
}

/** Holds the callers whose commands were decided, until the state machine answers them. */
export class PendingCommands {
  private readonly pending: Record<Waiters, PendingCommand[]> = { up: [], down: [], decided: [] };

  constructor(
    private readonly clock: Clock,
    /** Returns the save of the latest decision that no caller waits for. */
    private readonly lastSave: () => Promise<void>,
  ) {}

  add(waiters: Waiters, caller: Caller, result: CommandResult): void {
    this.pending[waiters].push({ caller, result });
  }

  /** Returns true while a command waits for a process to be up or to be gone. */
  isWaitingForProcess(): boolean {
    return this.pending.up.length + this.pending.down.length > 0;
  }

  answer(waiters: Waiters, answer: Answer): void {
    for (const command of this.pending[waiters].splice(0)) {
      if (answer.kind === 'done') this.acknowledge(command);
      else command.caller.reject(new Problem(answer.code, answer.detail));
    }
  }

  /** Refuses every caller. */
  refuseAll({ code, detail }: Problem): void {
    for (const waiters of ['up', 'down', 'decided'] as const) this.answer(waiters, { kind: 'refused', code, detail });
  }

  /**
   * Acknowledges once the decisions behind the answer are on disk. If the database is away, waits for at most
   * {@link SAVE_MS}.
   */
  private acknowledge({ caller, result }: PendingCommand): void {
    if (!result.recorded) caller.resolve(result);
    else
      void isSettledWithin(this.clock, this.lastSave(), SAVE_MS).then(() => {
        caller.resolve(result);
      });
  }
}

/** Position of a command among those of its agent. */
export interface CommandTicket {
  /**
   * Called just before the command enters the mailbox. @throws Problem `operation-in-progress` if a later one
   * superseded it
   */
  claim(): void;
}

/**
 * Orders commands that wait before they enter the mailbox, where the later one may be ready first. A stop supersedes an
 * earlier start already when it is requested. A start supersedes an earlier stop only once it is ready itself.
 */
export class CommandOrder {
  private taken = 0;
  private lastStop = 0;
  private lastStart = 0;

  take(event: MachineEvent): CommandTicket {
    const turn = ++this.taken;
    const isStop = event.type === 'stop-asked' || event.type === 'unregister-asked';
    const isStart = event.type === 'start-asked' || event.type === 'restart-asked';
    if (isStop) this.lastStop = turn;
    return {
      claim: () => {
        if (isStop && this.lastStart > turn) throw superseded('start', 'Stop it again if it should not run.');
        if (isStart && this.lastStop > turn) throw superseded('stop', 'Start it again if it should run.');
        if (isStart) this.lastStart = Math.max(this.lastStart, turn);
      },
    };
  }
}

function superseded(by: string, advice: string): Problem {
  return new Problem('operation-in-progress', `A later ${by} superseded this command. ${advice}`);
}
