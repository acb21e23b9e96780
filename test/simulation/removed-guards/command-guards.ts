import type * as Actors from '../../../src/healing/actor/agent-actor';
import type * as Decisions from '../../../src/healing/actor/decision';
import type * as Mailboxes from '../../../src/healing/actor/mailbox';
import type { CommandOrder, CommandTicket } from '../../../src/healing/actor/pending-commands';
import type * as Registration from '../../../src/healing/machine/commands/registration';
import { without, type Guard } from './guard';

/** Guards that order the events and commands of one agent. */
export const COMMAND_GUARDS: readonly Guard[] = [
  {
    name: 'the mailbox',
    load: without('../../../src/healing/actor/mailbox', () => ({ Mailbox: ConcurrentMailbox })),
  },
  {
    name: 'an answer to each caller who waits as an actor closes',
    firstSeed: 151,
    load: without('../../../src/healing/actor/mailbox', forgetWaitingMessages),
  },
  {
    name: 'refusals of DELETE while an operation runs',
    load: without('../../../src/healing/actor/decision', planUnregistrationWhileBusy),
  },
  {
    name: 'refusals of commands while the agent is being unregistered',
    load: without('../../../src/healing/machine/commands/registration', () => ({
      isRefusedByUnregistration: () => false,
    })),
  },
  {
    name: 'the order of commands',
    load: without('../../../src/healing/actor/pending-commands', () => ({ CommandOrder: UnorderedCommands })),
  },
  {
    name: 'closed actors that do nothing more',
    load: without('../../../src/healing/actor/agent-actor', actAfterClose),
  },
  {
    name: 'revisions of the definition',
    firstSeed: 1_695,
    load: without('../../../src/healing/machine/commands/registration', ignoreLaunchChanges),
  },
];

/** Handles every message at once, instead of one at a time. */
class ConcurrentMailbox<T> {
  readonly waitingCount = 0;

  constructor(
    private readonly handle: (message: T) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  post(message: T): void {
    this.handle(message).catch(this.failed);
  }

  clear(): T[] {
    return [];
  }
}

/** Drops the messages that wait in a mailbox that is closed. Their callers get no answer. */
function forgetWaitingMessages({ Mailbox }: typeof Mailboxes): object {
  return {
    Mailbox: class<T> extends Mailbox<T> {
      override clear(): T[] {
        super.clear();
        return [];
      }
    },
  };
}

/** Plans an unregistration as if no operation was running. */
function planUnregistrationWhileBusy({ planEvent }: typeof Decisions): Pick<typeof Decisions, 'planEvent'> {
  return {
    planEvent: (event, agentId, definitions, isBusy) =>
      planEvent(event, agentId, definitions, isBusy && event.type !== 'unregister-asked'),
  };
}

/** Lets each command into the mailbox once it is ready. */
class UnorderedCommands implements Pick<CommandOrder, 'take'> {
  take(): CommandTicket {
    return { claim: () => undefined };
  }
}

/** Finishes what was under way when the actor was closed. */
function actAfterClose({ AgentActor }: typeof Actors): object {
  const acting = class extends AgentActor {};
  Object.assign(acting.prototype, { refuseIfClosed: () => false });
  return { AgentActor: acting };
}

/** Treats every change of a definition as one that does not affect the launch. */
function ignoreLaunchChanges({ onUpdateAsked }: typeof Registration): Pick<typeof Registration, 'onUpdateAsked'> {
  return {
    onUpdateAsked: (draft, event) => {
      onUpdateAsked(draft, { ...event, changesLaunch: false });
    },
  };
}
