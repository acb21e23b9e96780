import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';
import { Needs } from '../auth';
import { Heartbeats } from '../health';
import { AgentRegistry } from '../registry';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';
import { HeartbeatDto } from './schemas';

/** Accepts the heartbeats of agents. */
@ApiTags('heartbeat')
@Controller('api/agents')
export class HeartbeatController {
  constructor(
    private readonly heartbeats: Heartbeats,
    private readonly registry: AgentRegistry,
  ) {}

  /** Records a heartbeat, sent with the agent's own token or an operator's. Every member is optional. */
  @Post(':id/heartbeat')
  @HttpCode(204)
  @Needs('own-agent')
  @ApiBody({ type: HeartbeatDto, required: false })
  @ApiNoContentResponse()
  @Problems('invalid-request', 'agent-not-found', 'database-unavailable')
  async beat(@Param('id', AgentIdPipe) agentId: string, @Body() body: HeartbeatDto): Promise<void> {
    this.registry.getAgent(agentId);
    await this.heartbeats.record(agentId, body);
  }
}
