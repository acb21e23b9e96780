import type { DesiredState } from '../../../src/kernel';
import type { HealingHolds } from '../referee/healing-holds';
import { OrderOfArrival, type Order } from '../referee/order-of-arrival';
import type { ServiceProcess } from '../service/service-process';
import type { SimulationContext } from '../simulation-context';
import { leadsTo, type OperatorRequest } from './operator-request';
import type { OperatorShell } from './operator-shell';

/** Longer than any operation may take, faults included. Counted in active time. */
const ANSWER_LIMIT_MS = 120_000;

const EITHER: readonly DesiredState[] = ['running', 'stopped'];

interface Parts {
  readonly service: () => ServiceProcess;
  readonly shell: OperatorShell;
  readonly holds: HealingHolds;
  /** Agents with an operation whose outcome may not be on disk. */
  readonly unrecorded: Set<string>;
  /** Returns how often an operator has ended the daemon so far. A request that this meets halfway may go either way. */
  readonly daemonEnds: () => number;
}

/** A request that waits for its answer, and what was known when it was sent. */
interface Pending {
  readonly request: OperatorRequest;
  readonly service: ServiceProcess;
  /** Active time. */
  readonly sentAt: number;
  readonly position: number;
  /** Null for a request that does not change the desired state. */
  readonly order: Order | null;
  /** True if it may start or kill the agent. */
  readonly isAct: boolean;
  readonly allowedBefore: readonly DesiredState[];
  /** True if no shell command came just before it. */
  readonly wasClear: boolean;
  /** True if another order or a shell command was under way. */
  readonly overlaps: boolean;
  readonly daemonEnds: number;
}

/** Sends requests to the API, and derives from their answers what the referee may expect. */
export class OperatorRequests {
  private readonly pending = new Set<Pending>();
  private readonly arrivals: OrderOfArrival;
  /** By agent, the position of the last order or shell command. */
  private readonly lastOrder = new Map<string, number>();
  private lastNumber = 0;

  constructor(
    private readonly context: Pick<SimulationContext, 'activeTime' | 'referee' | 'say'>,
    private readonly parts: Parts,
  ) {
    this.arrivals = new OrderOfArrival({ referee: context.referee, daemonEnds: parts.daemonEnds });
  }

  /** Sends a request, unless the service is down or does not know the agent. */
  send(request: OperatorRequest): void {
    const { agentId, what } = request;
    const service = this.parts.service();
    if (!service.isAlive || (what !== 'register' && !service.registry.agents.has(agentId))) return;
    const pending = this.prepare(request, service);
    this.expectOutcome(pending);
    this.context.say(`${agentId} requested: ${what}`);
    this.pending.add(pending);
    service.clock.gate(() => {
      // As in a route, an error that is thrown at once is an answer, too.
      (async () => request.run(service))().then(
        ({ recorded }) => {
          this.onDone(pending, recorded);
        },
        (error: unknown) => {
          this.onRefused(pending, error);
        },
      );
    });
  }

  /** Returns a number that no request has, in ascending order. */
  nextNumber(): number {
    return (this.lastNumber += 1);
  }

  /** Returns the number of orders on the agent that wait for their answer. */
  waitingFor(agentId: string): number {
    return this.pendingOf(agentId).filter(({ order }) => order !== null).length;
  }

  /** Returns true while a request with this prefix waits for its answer. */
  isWaiting(agentId: string, prefix: string): boolean {
    return this.pendingOf(agentId).some(({ request }) => request.what.startsWith(prefix));
  }

  /** Records that an operator acts on the agent in a shell at the same time. Which act came last is unknown. */
  noteShellCommand(agentId: string): void {
    this.lastOrder.set(agentId, this.nextNumber());
    this.arrivals.onDisturbed(agentId);
  }

  /** Drops the requests to a process of the service that is dead: they get no answer. */
  forget(service: ServiceProcess): void {
    for (const pending of this.pendingAt(service)) {
      const { agentId } = pending.request;
      this.pending.delete(pending);
      this.arrivals.forget(agentId);
      this.parts.holds.onSettled(agentId, false);
    }
  }

  /** Reports the requests that have not been answered within the limit. */
  reportUnanswered(service: ServiceProcess, limitMs = ANSWER_LIMIT_MS): void {
    const { activeTime, referee } = this.context;
    for (const pending of this.pendingAt(service)) {
      if (activeTime.now() - pending.sentAt < limitMs) continue;
      this.pending.delete(pending);
      referee.report(pending.request.agentId, `${pending.request.what} was not answered`);
    }
  }

  private prepare(request: OperatorRequest, service: ServiceProcess): Pending {
    const { agentId, what, target } = request;
    const { activeTime, referee } = this.context;
    const { shell, daemonEnds } = this.parts;
    const position = this.nextNumber();
    return {
      ...{ request, service, position, sentAt: activeTime.now(), daemonEnds: daemonEnds() },
      order: target === null ? null : { position, agentId, what, target, service },
      isAct: target !== null || request.isAct === true,
      allowedBefore: [...referee.allowedOf(agentId)],
      wasClear: !referee.hasRecentShellCommand(agentId),
      overlaps: this.waitingFor(agentId) > 0 || referee.isBusyInShell(agentId) || shell.isBusy(agentId),
    };
  }

  /** Until the answer, the request may or may not have been carried out. */
  private expectOutcome({ request, position, order, isAct, wasClear }: Pending): void {
    const { agentId } = request;
    const { shell, holds } = this.parts;
    if (order !== null) this.arrivals.onArrived(order, wasClear && !shell.isBusy(agentId));
    if (isAct) holds.onAct(agentId);
    if (order === null) return;
    this.lastOrder.set(agentId, position);
    this.context.referee.noteAct(agentId, leadsTo(order));
    this.context.referee.allow(agentId, EITHER, 'api');
  }

  private onDone(pending: Pending, recorded: boolean): void {
    const { request, service } = pending;
    if (!recorded) this.parts.unrecorded.add(request.agentId);
    if (this.settle(pending, recorded ? 'done' : 'done, not recorded yet', true)) {
      const { order } = pending;
      if (order !== null) {
        this.allowIfSure(pending, [order.target]);
        this.arrivals.onDone(order, this.waitingFor(request.agentId) === 0);
      }
    }
    if (service.isAlive) request.onDone?.();
  }

  private onRefused(pending: Pending, error: unknown): void {
    const { request, order } = pending;
    if (order !== null) this.parts.unrecorded.add(request.agentId);
    if (!this.settle(pending, String(error), false) || order === null) return;
    const isUnchanged = pending.wasClear && request.isUnchanged?.(error) === true;
    this.allowIfSure(pending, isUnchanged ? pending.allowedBefore : EITHER);
    this.arrivals.onRefused(order, error, this.waitingFor(request.agentId) === 0);
  }

  /** @returns false if the request no longer waits for an answer */
  private settle(pending: Pending, answer: string, isDone: boolean): boolean {
    const { agentId, what } = pending.request;
    if (!this.pending.delete(pending)) return false;
    this.context.say(`${agentId} ${what}: ${answer}`);
    const hasOtherAct = this.pendingOf(agentId).some(({ isAct }) => isAct);
    if (pending.isAct && !hasOtherAct) this.parts.holds.onSettled(agentId, isDone);
    return true;
  }

  /** Sets the allowed states after an order, or both states if other acts may have come after it. */
  private allowIfSure(pending: Pending, allowed: readonly DesiredState[]): void {
    const { request, service, position, overlaps } = pending;
    const { agentId } = request;
    const isLast = this.lastOrder.get(agentId) === position && this.waitingFor(agentId) === 0;
    const isSure = !overlaps && isLast && pending.daemonEnds === this.parts.daemonEnds() && service.isAlive;
    this.context.referee.allow(agentId, isSure ? allowed : EITHER, 'api');
  }

  private pendingOf(agentId: string): Pending[] {
    return [...this.pending].filter(({ request }) => request.agentId === agentId);
  }

  private pendingAt(service: ServiceProcess): Pending[] {
    return [...this.pending].filter((pending) => pending.service === service);
  }
}
