import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Response } from 'express';
import { PROBLEM_TITLES, type AgentView } from '../kernel';
import { Needs } from '../auth';
import { AgentWaits } from '../healing';
import { closedSignal } from './closed-connection';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';
import { AgentViewDto } from './schemas';
import { WaitQueryDto, WaitTimeoutDto } from './wait-schemas';

/** Answers once an agent has reached a state, so that callers need not poll. */
@ApiTags('agents')
@Controller('api/agents')
export class AgentWaitsController {
  constructor(private readonly waits: AgentWaits) {}

  /**
   * Waits until an agent has reached a state, and returns the agent. A state that the agent cannot reach at present, such
   * as `running` of a halted agent, is waited for until the timeout, because an operator may act meanwhile. The wait ends
   * with the connection.
   */
  @Get(':id/wait')
  @Needs('viewer')
  @ApiOkResponse({ type: AgentViewDto })
  @ApiExtraModels(WaitTimeoutDto)
  @ApiResponse({
    status: 408,
    description: `\`wait-timeout\`: ${PROBLEM_TITLES['wait-timeout']}; \`agent\` is its present state`,
    content: { 'application/problem+json': { schema: { $ref: getSchemaPath(WaitTimeoutDto) } } },
  })
  @Problems('invalid-request', 'agent-not-found', 'external-agent', 'operation-in-progress')
  waitFor(
    @Param('id', AgentIdPipe) agentId: string,
    @Query() { for: condition, timeoutSeconds }: WaitQueryDto,
    @Res({ passthrough: true }) response: Response,
  ): Promise<AgentView> {
    return this.waits.waitFor(agentId, condition, { timeoutSeconds, signal: closedSignal(response) });
  }
}
