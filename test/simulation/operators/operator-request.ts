import type { DesiredState } from '../../../src/kernel';
import type { MachineEvent, Waiters } from '../../../src/healing/machine';
import type { Order } from '../referee/order-of-arrival';
import type { ServiceProcess } from '../service/service-process';

/** A request of an operator to the API. */
export interface OperatorRequest {
  readonly agentId: string;
  readonly what: string;
  /** Desired state of the agent once the request is done; null: the request does not change it. */
  readonly target: DesiredState | null;
  /** Runs what the route does. `recorded` is false for a stop that was carried out but not saved yet. */
  readonly run: (service: ServiceProcess) => Promise<{ readonly recorded: boolean }>;
  /** Returns true for a refusal that proves that nothing has changed. */
  readonly isUnchanged?: (error: unknown) => boolean;
  readonly onDone?: () => void;
  /** True: the request may start or kill the agent although it does not change the desired state. */
  readonly isAct?: true;
}

/** Returns the request that posts this event to the agent. @param waiters what the caller waits for */
export function requestOf(
  agentId: string,
  event: MachineEvent,
  target: DesiredState | null,
  waiters: Waiters = target === 'stopped' ? 'down' : 'up',
): OperatorRequest {
  return { agentId, what: event.type, target, run: ({ supervisor }) => supervisor.command(agentId, event, waiters) };
}

/** Returns the desired states to which an order may lead, also if it fails. */
export function leadsTo({ agentId, what, target, service }: Order): readonly DesiredState[] {
  // A registered agent may run because an operator started it in a shell.
  if (what === 'register') return ['running', 'stopped'];
  return target === 'stopped' ? ['stopped'] : ['running', service.registry.desiredState(agentId)];
}
