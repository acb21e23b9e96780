import type { ProcessManagerSignal } from '../../processes';
import type { AgentActors } from '../actor/agent-actors';
import type { SupervisionPorts } from '../actor/ports';
import { DAEMON_UPDATE_MS, runOf } from '../machine';
import type { DaemonConnection } from './daemon-connection';
import type { ObservedState } from './observed-state';

/** Lead before the `daemon-ended` phases time out: until then the agents that stopped with the daemon can be counted. */
const REPORT_LEAD_MS = 500;

type SignalOf<Kind extends ProcessManagerSignal['kind']> = Extract<ProcessManagerSignal, { kind: Kind }>;

/** Passes signals of the runtime to the actors, to the daemon's connection, or on to a snapshot. */
export class SignalHandler {
  constructor(
    private readonly ports: SupervisionPorts,
    private readonly actors: AgentActors,
    private readonly observed: ObservedState,
    private readonly daemon: DaemonConnection,
  ) {}

  onSignal(signal: ProcessManagerSignal): void {
    switch (signal.kind) {
      case 'exited':
        this.onExited(signal);
        return;
      case 'operator-stopped':
        this.onOperatorStopped(signal);
        return;
      case 'operator-started':
        void this.observed.refresh(false);
        return;
      case 'came-online':
        this.onCameOnline(signal);
        return;
      case 'daemon-ending':
        this.onDaemonEnding(signal);
        return;
      case 'connection-lost':
        this.daemon.onLost(signal.detail);
        return;
    }
  }

  private onExited({ agentId, runId, upSince, exitCode, signal, ordered }: SignalOf<'exited'>): void {
    this.actors.find(agentId)?.post({ type: 'exited', runId, upSince, exit: { exitCode, signal }, ordered });
  }

  private onOperatorStopped({ agentId, upSince, at }: SignalOf<'operator-stopped'>): void {
    this.actors.find(agentId)?.post({ type: 'operator-stopped', upSince, at: this.ports.clock.at(at) });
  }

  /** Refreshes if the process is under another entry than the agent's run. The snapshot shows which one to kill. */
  private onCameOnline({ agentId, uniqueId }: SignalOf<'came-online'>): void {
    const phase = this.actors.situationOf(agentId)?.state.phase;
    const run = phase === undefined ? null : runOf(phase);
    if (run !== null && run.uniqueId !== uniqueId) void this.observed.refresh(false);
  }

  private onDaemonEnding({ daemon }: SignalOf<'daemon-ending'>): void {
    this.daemon.onEnding();
    this.reportEndLater();
    for (const actor of this.actors.all()) actor.post({ type: 'daemon-ending', daemon });
  }

  /** Reports once for all agents, when it is clear that the daemon did not exit for `pm2 update`. */
  private reportEndLater(): void {
    this.ports.clock.after(DAEMON_UPDATE_MS - REPORT_LEAD_MS, () => {
      const phases = this.actors.all().map((actor) => actor.machineState().state.phase);
      const agents = phases.filter((phase) => phase.kind === 'down' && phase.why === 'daemon-ended').length;
      if (agents > 0 && !this.ports.runtime.isConnected()) this.ports.reports.onDaemonEnded(agents);
    });
  }
}
