import { Body, Controller, Get, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../auth';
import { CapabilityRegistry, type RoutedTask } from '../capabilities';
import { CapabilitiesDto, CapabilityListDto, RoutedTaskDto, RouteTaskDto } from './capability-schemas';
import { closedSignal } from './closed-connection';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';

/** Lists and sets capabilities, and routes tasks by them. */
@ApiTags('capabilities')
@Controller('api')
export class CapabilitiesController {
  constructor(private readonly capabilities: CapabilityRegistry) {}

  /** Lists every capability with the agents that have it. */
  @Get('capabilities')
  @Needs('viewer')
  @ApiOkResponse({ type: CapabilitiesDto })
  @Problems()
  list(): CapabilitiesDto {
    return { capabilities: this.capabilities.listCapabilities() };
  }

  /** Replaces the capabilities of an agent. Returns all capabilities as they are after the change. */
  @Put('agents/:id/capabilities')
  @Needs('admin')
  @ApiBody({ type: CapabilityListDto })
  @ApiOkResponse({ type: CapabilitiesDto })
  @Problems('invalid-request', 'agent-not-found', 'operation-in-progress', 'database-unavailable')
  async replace(@Param('id', AgentIdPipe) agentId: string, @Body() body: CapabilityListDto): Promise<CapabilitiesDto> {
    await this.capabilities.registerCapabilities(agentId, body.capabilities);
    return this.list();
  }

  /**
   * Chooses the agent for a task: matching capability, circuit closed, status running, score 50 or more. If no agent is
   * usable, starts a stopped one and waits for the first that becomes usable. A caller that disconnects cancels the
   * wait, but not a start that was begun.
   */
  @Post('tasks/route')
  @HttpCode(200)
  @Needs('operator')
  @ApiBody({ type: RouteTaskDto })
  @ApiOkResponse({ type: RoutedTaskDto })
  @Problems('invalid-request', 'no-capable-agent', 'no-available-agent')
  route(
    @Body() { taskType, ...options }: RouteTaskDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RoutedTask> {
    return this.capabilities.routeTask(taskType, { ...options, signal: closedSignal(response) });
  }
}
