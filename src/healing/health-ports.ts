import { Injectable, Logger } from '@nestjs/common';
import { isExternal, type AgentStatus } from '../kernel';
import type { HealthListener, HealthOutcome, Incarnations, WatchTarget, WatchTargets } from '../health';
import { AgentDefinitions } from '../registry';
import { AgentActors } from './actor/agent-actors';
import { FleetWatch } from './fleet/fleet-watch';
import { ViewChanges } from './waits/view-changes';
import { currentIncarnation, externalStatusOf, incarnationOf, statusOf } from './machine';

const WITHOUT_PROCESS = { isExternal: false, isFresh: false, incarnation: null, process: null, upSince: null };

/** Tells health what to watch, from the state of the actors. */
@Injectable()
export class ActorWatchTargets implements WatchTargets, Incarnations {
  constructor(
    private readonly registry: AgentDefinitions,
    private readonly actors: AgentActors,
  ) {}

  /** Only a process that is up is probed. */
  targetOf(agentId: string): WatchTarget | null {
    const machineState = this.actors.situationOf(agentId);
    const agent = this.registry.findAgent(agentId);
    if (machineState === null || agent === null) return null;
    if (isExternal(agent)) {
      return { ...WITHOUT_PROCESS, isExternal: true, shouldRun: true, status: externalStatusOf(machineState) };
    }
    const { phase } = machineState.state;
    const status: AgentStatus = statusOf(machineState);
    const shouldRun = machineState.desired === 'running';
    if (phase.kind !== 'verifying' && phase.kind !== 'running') return { ...WITHOUT_PROCESS, shouldRun, status };
    const { run } = phase;
    const upSince = phase.kind === 'verifying' ? phase.since : run.launchedAt;
    const isFresh = phase.kind === 'verifying' && phase.launch !== null;
    return {
      ...{ isExternal: false, shouldRun, status, isFresh, upSince },
      ...{ incarnation: incarnationOf(run), process: run.process },
    };
  }

  incarnationOf(agentId: string): string | null {
    const machineState = this.actors.situationOf(agentId);
    return machineState === null ? null : currentIncarnation(machineState.state.phase);
  }
}

/** Passes the outcomes of checks to the fleet and to the agent's actor, and what changes a view to its readers. */
@Injectable()
export class ActorHealthListener implements HealthListener {
  private readonly logger = new Logger('Health');

  constructor(
    private readonly actors: AgentActors,
    private readonly fleet: FleetWatch,
    private readonly viewChanges: ViewChanges,
  ) {}

  onChecked(agentId: string, outcome: HealthOutcome): void {
    // The score has changed already. The actor decides later, perhaps behind a slow commit.
    this.viewChanges.note(agentId);
    const mayAct = this.fleet.noteCheck(agentId, outcome);
    const { isWell: _isWell, saysFailing: _saysFailing, signalMs: _signalMs, ...check } = outcome;
    this.actors.find(agentId)?.post({ type: 'checked', ...check, mayAct });
  }

  onHeartbeat(agentId: string): void {
    this.viewChanges.note(agentId);
  }

  onLag(lagMs: number): void {
    this.logger.warn({ lagMs }, 'event loop delayed; failed checks discarded');
    this.fleet.noteLag();
  }
}
