import type { AgentActors } from '../../../src/healing/actor/agent-actors';
import { currentRunId } from '../../../src/healing/machine';
import type { Heartbeats } from '../../../src/health/heartbeat/heartbeats';
import type { SimulationContext } from '../simulation-context';
import { sendsHeartbeats, waitsForAnswer, type AgentHealth } from './agent-traits';
import type { ServiceClock } from './service-clock';

/** Every fifth heartbeat names a task, which has to be saved. That is rarer than heartbeats go stale. */
const TASK_PERIOD = 5;

interface Parts {
  readonly actors: AgentActors;
  readonly clock: ServiceClock;
  readonly heartbeats: Heartbeats;
  readonly agentHealth: AgentHealth;
}

/** Sends the heartbeats of the agents to one process of the service, also while that process is frozen. */
export class HeartbeatSender {
  private sent = 0;
  private hasEnded = false;

  constructor(
    private readonly context: Pick<SimulationContext, 'agents' | 'clock' | 'world'>,
    private readonly parts: Parts,
  ) {}

  begin(): void {
    const { agents, clock, world } = this.context;
    const { beatMs, beats } = this.parts.agentHealth;
    clock.after(beatMs(), () => {
      if (this.hasEnded) return;
      for (const agentId of agents.filter(sendsHeartbeats))
        for (const { pid, runId } of world.aliveOf(agentId)) if (beats(pid)) this.send(agentId, runId);
      this.begin();
    });
  }

  end(): void {
    this.hasEnded = true;
  }

  private send(agentId: string, runId: string): void {
    const { actors, clock, heartbeats } = this.parts;
    if (clock.isFrozen && !waitsForAnswer(agentId)) return;
    this.sent += 1;
    const task = this.sent % TASK_PERIOD === 0 ? { task: `task ${this.sent}` } : {};
    clock.gate(() => {
      const machineState = actors.situationOf(agentId);
      // The agent's token is valid only for the present run.
      if (this.hasEnded || machineState === null || currentRunId(machineState.state.phase) !== runId) return;
      // The task is refused while the database is away. The sign of life counts all the same.
      heartbeats.record(agentId, { status: 'ok', ...task }).catch(() => undefined);
    });
  }
}
