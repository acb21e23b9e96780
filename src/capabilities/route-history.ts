import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { EventLog } from '../events';
import { WriteQueue } from '../persistence';
import type { RouteRequest } from './route-request';
import type { RankedCandidate } from './select';

/** Records routed tasks in the history. */
@Injectable()
export class RouteHistory {
  constructor(
    private readonly events: EventLog,
    private readonly queue: WriteQueue,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Records a choice without waiting for the disk. It is only history, so routing must not depend on it. */
  record({ taskType, traceparent }: RouteRequest, { agentId, score }: RankedCandidate): void {
    const data = { taskType, score, ...(traceparent === null ? {} : { traceparent }) };
    const event = { agentId, type: 'task.routed' as const, data, occurredAt: this.clock.wall() };
    void this.queue.submitEventually((tx) => {
      this.events.append(tx, [event]);
    }, event.type);
  }
}
