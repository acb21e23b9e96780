import { Injectable } from '@nestjs/common';
import type { AgentView } from '../../kernel';
import { HealthMonitor, Heartbeats } from '../../health';
import { unknownAgent } from '../actor/agent-actors';
import { AgentViews } from '../agent-views';
import { AgentSupervisor } from '../supervisor/agent-supervisor';
import type { WaitSubject } from './wait-condition';

/** Subject with the whole view, which answers a wait. */
export interface ViewedSubject extends WaitSubject {
  readonly view: AgentView;
}

/** Reads the present facts about agents for waits. */
@Injectable()
export class WaitSubjects {
  constructor(
    private readonly views: AgentViews,
    private readonly supervisor: AgentSupervisor,
    private readonly health: HealthMonitor,
    private readonly heartbeats: Heartbeats,
  ) {}

  /** @throws Problem `agent-not-found` */
  of(agentId: string): ViewedSubject {
    const view = this.views.view(agentId);
    const machine = this.supervisor.machineState(agentId);
    if (machine === null) throw unknownAgent(agentId);
    const isWatchedInside = this.health.hasUrl(agentId) || this.heartbeats.vitalsOf(agentId) !== null;
    return { view, machine, isWatchedInside };
  }
}
