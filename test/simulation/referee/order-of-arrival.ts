import { isProblem, type DesiredState } from '../../../src/kernel';
import type { ServiceProcess } from '../service/service-process';
import type { Referee } from './referee';

/** A command that changes whether its agent runs. */
export interface Order {
  /** Position among all orders, by arrival. */
  readonly position: number;
  readonly agentId: string;
  readonly what: string;
  /** Desired state that it leads to if it is carried out. */
  readonly target: DesiredState;
  readonly service: ServiceProcess;
}

/** Orders on one agent of which each arrived before an earlier one was answered. */
interface Overlap {
  readonly orders: Order[];
  readonly daemonEnds: number;
  /** True if something else acted on the agent, so that the last order does not decide alone. */
  isUnclear: boolean;
  isLastDone: boolean;
}

interface Parts {
  readonly referee: Referee;
  /** Returns how often an operator has ended the daemon so far. */
  readonly daemonEnds: () => number;
}

/** Matches the detail of a command that a later command of another operator superseded. */
const SUPERSEDED = /A later (?:start|stop) superseded|A stop by the operator/;
const CUT_SHORT = 'by an unregistration';

/** Checks that overlapping orders on one agent are carried out in the order of their arrival. */
export class OrderOfArrival {
  private readonly overlaps = new Map<string, Overlap>();

  constructor(private readonly parts: Parts) {}

  /** @param isClear false: something else acts on the agent, or did so a moment ago */
  onArrived(order: Order, isClear: boolean): void {
    const overlap = this.overlaps.get(order.agentId) ?? this.newOverlap();
    this.overlaps.set(order.agentId, overlap);
    const [first] = overlap.orders;
    if (!isClear || (first !== undefined && first.service !== order.service)) overlap.isUnclear = true;
    overlap.orders.push(order);
    overlap.isLastDone = false;
  }

  /** Called when something else acts on the agent while orders on it wait. */
  onDisturbed(agentId: string): void {
    const overlap = this.overlaps.get(agentId);
    if (overlap !== undefined) overlap.isUnclear = true;
  }

  /** Drops the orders on the agent. Their service is dead, so they get no answer. */
  forget(agentId: string): void {
    this.overlaps.delete(agentId);
  }

  /** @param isLastAnswer true: no other order on the agent waits for its answer */
  onDone(order: Order, isLastAnswer: boolean): void {
    const overlap = this.overlaps.get(order.agentId);
    if (overlap === undefined) return;
    if (overlap.orders.at(-1) === order) overlap.isLastDone = true;
    if (order.what === 'unregister') this.judgeUnregistered(order, overlap);
    if (isLastAnswer) this.settle(order.agentId, overlap);
  }

  /** @param isLastAnswer true: no other order on the agent waits for its answer */
  onRefused(order: Order, error: unknown, isLastAnswer: boolean): void {
    const overlap = this.overlaps.get(order.agentId);
    if (overlap === undefined) return;
    this.judgeRefusal(order, overlap, error);
    if (isLastAnswer) this.settle(order.agentId, overlap);
  }

  private newOverlap(): Overlap {
    return { orders: [], daemonEnds: this.parts.daemonEnds(), isUnclear: false, isLastDone: false };
  }

  private judgeUnregistered({ agentId, position, service }: Order, { orders }: Overlap): void {
    const isRegisteredAgain = orders.some(({ what, position: other }) => what === 'register' && other > position);
    if (isRegisteredAgain || !service.isAlive || !service.registry.agents.has(agentId)) return;
    this.parts.referee.report(agentId, 'is registered although its unregistration was answered as done');
  }

  private judgeRefusal({ agentId, position, what, target }: Order, overlap: Overlap, error: unknown): void {
    if (!isProblem(error, 'operation-in-progress')) return;
    const { referee } = this.parts;
    if (error.detail.includes(CUT_SHORT))
      referee.report(agentId, `${what} in progress was cut short by an unregistration`);
    if (!this.isClear(overlap) || !SUPERSEDED.test(error.detail)) return;
    const isOvertaken = overlap.orders.some((other) => other.position > position && other.target !== target);
    if (!isOvertaken) referee.report(agentId, `${what} was superseded although no later order contradicts it`);
  }

  /** Called when all orders are answered. The one that arrived last decides, if it was carried out. */
  private settle(agentId: string, overlap: Overlap): void {
    this.overlaps.delete(agentId);
    const last = overlap.orders.at(-1);
    if (last === undefined || !overlap.isLastDone || !this.isClear(overlap)) return;
    const { referee } = this.parts;
    referee.allow(agentId, [last.target], 'api');
    const desired = last.service.registry.desiredState(agentId);
    if (desired !== last.target)
      referee.report(agentId, `desired state is ${desired} although ${last.what} arrived last`);
  }

  private isClear({ isUnclear, daemonEnds, orders }: Overlap): boolean {
    return !isUnclear && daemonEnds === this.parts.daemonEnds() && orders.every(({ service }) => service.isAlive);
  }
}
