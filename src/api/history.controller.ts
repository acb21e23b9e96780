import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { isoTime } from '../kernel';
import { Needs } from '../auth';
import { EventLog, RestartLog } from '../events';
import { AgentRegistry } from '../registry';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';
import { EventListDto, EventQueryDto, LimitQueryDto, RestartListDto } from './schemas';

/** Lists events and restarts. */
@ApiTags('history')
@Controller('api')
export class HistoryController {
  constructor(
    private readonly events: EventLog,
    private readonly restarts: RestartLog,
    private readonly registry: AgentRegistry,
  ) {}

  /** Lists events by ascending `seq`: after a given one (`after=0`: from the first one), or the latest. */
  @Get('events')
  @Needs('viewer')
  @ApiOkResponse({ type: EventListDto })
  @Problems('invalid-request', 'database-unavailable')
  async listEvents(@Query() query: EventQueryDto) {
    const events = await this.events.list(query);
    return { events: events.map((event) => ({ ...event, occurredAt: isoTime(event.occurredAt) })) };
  }

  /** Lists the restarts of an agent, newest first. */
  @Get('agents/:id/restarts')
  @Needs('viewer')
  @ApiOkResponse({ type: RestartListDto })
  @Problems('invalid-request', 'agent-not-found', 'database-unavailable')
  async listRestarts(@Param('id', AgentIdPipe) agentId: string, @Query() query: LimitQueryDto) {
    this.registry.getAgent(agentId);
    const restarts = await this.restarts.list(agentId, query.limit);
    return { restarts: restarts.map((restart) => ({ ...restart, restartedAt: isoTime(restart.restartedAt) })) };
  }
}
