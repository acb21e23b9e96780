import type { AgentActors } from '../actor/agent-actors';
import type { SupervisionPorts } from '../actor/ports';
import type { ObservedState } from './observed-state';

/** Takes a fresh snapshot after a suspend, before anything due is acted on. */
export class SuspendDetector {
  /** True after a suspend until a fresh snapshot is taken. Timers must not fire meanwhile. */
  isRecovering = false;

  constructor(
    private readonly ports: Pick<SupervisionPorts, 'clock' | 'reports'>,
    private readonly actors: AgentActors,
    private readonly observed: ObservedState,
  ) {}

  /** Starts to listen for suspends. @returns a function that stops it */
  start(): () => void {
    return this.ports.clock.onSuspend((lostMs) => {
      this.onSuspend(lostMs);
    });
  }

  private onSuspend(lostMs: number): void {
    this.ports.reports.onResumed(lostMs);
    if (this.isRecovering) return;
    this.isRecovering = true;
    void this.observed.refresh(true).then(() => {
      this.isRecovering = false;
      for (const actor of this.actors.all()) {
        actor.post({ type: 'resumed' });
        actor.post({ type: 'timer' });
      }
    });
  }
}
