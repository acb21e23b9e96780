import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { AgentView } from '../kernel';
import { Needs } from '../auth';
import { AgentViews } from '../healing';
import { ProcessLauncher, type BulkResult } from '../launcher';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';
import { AgentViewDto, BulkDto, BulkResultsDto, PauseDto, RestartDto, TerminatedAgentDto } from './schemas';

/** Starts, stops and pauses agents. */
@ApiTags('operations')
@Controller('api/agents')
export class AgentOperationsController {
  constructor(
    private readonly launcher: ProcessLauncher,
    private readonly views: AgentViews,
  ) {}

  /** Starts all agents that have one of the tags (no tags: all). Halted agents are not started. */
  @Post('spawn')
  @HttpCode(200)
  @Needs('operator')
  @ApiBody({ type: BulkDto, required: false })
  @ApiOkResponse({ type: BulkResultsDto })
  @Problems('invalid-request')
  async spawnAll(@Body() body: BulkDto): Promise<{ results: BulkResult[] }> {
    return { results: await this.launcher.spawnAll(body.tags) };
  }

  /** Terminates all agents that have one of the tags (no tags: all). */
  @Post('terminate')
  @HttpCode(200)
  @Needs('operator')
  @ApiBody({ type: BulkDto, required: false })
  @ApiOkResponse({ type: BulkResultsDto })
  @Problems('invalid-request')
  async terminateAll(@Body() body: BulkDto): Promise<{ results: BulkResult[] }> {
    return { results: await this.launcher.terminateAll(body.tags) };
  }

  /** Starts an agent; a running one is left alone. */
  @Post(':id/spawn')
  @HttpCode(200)
  @Needs('operator')
  @ApiOkResponse({ type: AgentViewDto })
  @Problems(
    'agent-not-found',
    'external-agent',
    'operation-in-progress',
    'entry-point-not-found',
    'interpreter-not-found',
  )
  @Problems('launch-failed', 'process-manager-unavailable', 'database-unavailable')
  async spawn(@Param('id', AgentIdPipe) agentId: string): Promise<AgentView> {
    await this.launcher.spawn(agentId);
    return this.views.view(agentId);
  }

  /** Terminates an agent and starts it again. */
  @Post(':id/restart')
  @HttpCode(200)
  @Needs('operator')
  @ApiBody({ type: RestartDto, required: false })
  @ApiOkResponse({ type: AgentViewDto })
  @Problems('invalid-request', 'agent-not-found', 'external-agent', 'operation-in-progress', 'entry-point-not-found')
  @Problems('interpreter-not-found', 'launch-failed', 'process-manager-unavailable', 'database-unavailable')
  async restart(@Param('id', AgentIdPipe) agentId: string, @Body() body: RestartDto): Promise<AgentView> {
    await this.launcher.restart(agentId, body);
    return this.views.view(agentId);
  }

  /** Kills an agent and all its descendants. It stays stopped until the operator starts it. */
  @Post(':id/terminate')
  @HttpCode(200)
  @Needs('operator')
  @ApiOkResponse({ type: TerminatedAgentDto })
  @Problems('agent-not-found', 'external-agent', 'operation-in-progress')
  async terminate(@Param('id', AgentIdPipe) agentId: string): Promise<AgentView & { readonly recorded?: false }> {
    const { recorded } = await this.launcher.terminate(agentId);
    return { ...this.views.view(agentId), ...(recorded ? {} : { recorded }) };
  }

  /** Pauses healing of an agent, for debugging. Healing observes and records, but neither kills nor starts it. */
  @Post(':id/pause')
  @HttpCode(200)
  @Needs('operator')
  @ApiBody({ type: PauseDto })
  @ApiOkResponse({ type: AgentViewDto })
  @Problems('invalid-request', 'agent-not-found', 'database-unavailable')
  async pause(@Param('id', AgentIdPipe) agentId: string, @Body() { minutes }: PauseDto): Promise<AgentView> {
    await this.launcher.pause(agentId, minutes);
    return this.views.view(agentId);
  }

  /** Ends a pause. Healing resumes at once. */
  @Post(':id/resume')
  @HttpCode(200)
  @Needs('operator')
  @ApiOkResponse({ type: AgentViewDto })
  @Problems('agent-not-found', 'database-unavailable')
  async resume(@Param('id', AgentIdPipe) agentId: string): Promise<AgentView> {
    await this.launcher.resume(agentId);
    return this.views.view(agentId);
  }

  /** Closes the circuit, and starts the agent if it should run. */
  @Post(':id/circuit-reset')
  @HttpCode(200)
  @Needs('operator')
  @ApiOkResponse({ type: AgentViewDto })
  @Problems('agent-not-found', 'database-unavailable')
  async resetCircuit(@Param('id', AgentIdPipe) agentId: string): Promise<AgentView> {
    await this.launcher.resetCircuit(agentId);
    return this.views.view(agentId);
  }
}
