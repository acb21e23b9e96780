import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { EventLog, type EventDraft } from '../events';
import type { Notification, SentNotifications } from '../notifications';
import { WriteQueue } from '../persistence';

/** Records events that belong to no decision about an agent, once the database takes them. */
@Injectable()
export class EventRecorder implements SentNotifications {
  constructor(
    private readonly queue: WriteQueue,
    private readonly events: EventLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  record(agentId: string | null, type: EventDraft['type'], data: EventDraft['data']): void {
    const event = { agentId, type, data, occurredAt: this.clock.wall() };
    void this.queue.submitEventually((tx) => {
      this.events.append(tx, [event]);
    }, event.type);
  }

  onSent(notification: Notification, chats: number): void {
    const { kind, incidentId } = notification;
    const agentId = 'agentId' in notification ? notification.agentId : null;
    this.record(agentId, 'escalation.sent', { kind, incidentId, chats });
  }
}
