import { Injectable } from '@nestjs/common';
import { CapabilityRegistry } from '../capabilities';
import { AgentViews, AgentWaits } from '../healing';
import { ProcessLauncher } from '../launcher';
import { AgentRegistry } from '../registry';
import type { Tool } from './tool';
import { routeTask } from './tools/capabilities';
import { Operations } from './tools/operations';
import { registerAgent } from './tools/register-agent';
import { waitFor } from './tools/wait-for';

/** The tools that act, and the one that waits for what they caused. */
@Injectable()
export class ActingTools {
  readonly tools: readonly Tool[];

  constructor(
    views: AgentViews,
    waits: AgentWaits,
    capabilities: CapabilityRegistry,
    launcher: ProcessLauncher,
    registry: AgentRegistry,
  ) {
    this.tools = [
      routeTask(capabilities),
      waitFor(waits, views),
      ...new Operations(launcher, views, waits).all(),
      registerAgent(registry, views),
    ];
  }
}
