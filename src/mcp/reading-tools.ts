import { Injectable } from '@nestjs/common';
import { CapabilityRegistry } from '../capabilities';
import { EventLog, RestartLog } from '../events';
import { AgentLogs, AgentViews, SelfHealingLoop } from '../healing';
import type { Tool } from './tool';
import { agentLogs } from './tools/agent-logs';
import { listCapabilities } from './tools/capabilities';
import { explainAgent } from './tools/explain-agent';
import { getAgent } from './tools/get-agent';
import { listAgents } from './tools/list-agents';
import { recentEvents } from './tools/recent-events';

/** The tools that only read. */
@Injectable()
export class ReadingTools {
  readonly tools: readonly Tool[];

  constructor(
    views: AgentViews,
    loop: SelfHealingLoop,
    restarts: RestartLog,
    logs: AgentLogs,
    events: EventLog,
    capabilities: CapabilityRegistry,
  ) {
    this.tools = [
      listAgents(views),
      getAgent(views),
      explainAgent(views, loop, restarts),
      agentLogs(logs),
      recentEvents(events),
      listCapabilities(capabilities),
    ];
  }
}
