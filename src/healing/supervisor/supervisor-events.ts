import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, NEW_ID, type Clock, type NewId } from '../../kernel';
import { HealthMonitor } from '../../health';
import { Notifications } from '../../notifications';
import { WriteQueue } from '../../persistence';
import type { SupervisionReports } from '../actor/ports';
import { EventRecorder } from '../event-recorder';

/** Records what happens to the supervisor itself and to the daemon, and notifies the operator of a killed daemon. */
@Injectable()
export class SupervisorEvents implements SupervisionReports {
  constructor(
    private readonly recorder: EventRecorder,
    private readonly queue: WriteQueue,
    private readonly notifications: Notifications,
    private readonly health: HealthMonitor,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(NEW_ID) private readonly newId: NewId,
  ) {}

  recordStart(version: string): void {
    this.recorder.record(null, 'supervisor.started', { version, pid: process.pid });
  }

  recordStop(): void {
    this.recorder.record(null, 'supervisor.stopped', { pid: process.pid });
  }

  onDaemonEnded(agents: number): void {
    const notification = { kind: 'daemon-ended', incidentId: this.newId(), agents } as const;
    const at = this.clock.wall();
    void this.queue.submitEventually(async (tx) => {
      await this.notifications.queue(tx, [notification], at);
    }, notification.kind);
  }

  onDaemonLost(detail: string): void {
    this.recorder.record(null, 'daemon.lost', { detail });
  }

  onDaemonConnected(isFirst: boolean): void {
    if (!isFirst) this.recorder.record(null, 'daemon.restored', {});
  }

  onResumed(lostMs: number): void {
    this.health.onResume();
    this.recorder.record(null, 'supervisor.resumed', { gapSeconds: Math.round(lostMs / 1_000) });
  }
}
