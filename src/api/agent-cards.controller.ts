import { Body, Controller, Get, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { Needs } from '../auth';
import { AgentCards } from '../cards';
import { AgentViews } from '../healing';
import type { AgentView } from '../kernel';
import { AgentCardDto, ImportCardDto } from './card-schemas';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';
import { AgentViewDto } from './schemas';

/** Imports A2A agent cards, and serves them. */
@ApiTags('agent cards')
@Controller('api/agents')
export class AgentCardsController {
  constructor(
    private readonly cards: AgentCards,
    private readonly views: AgentViews,
  ) {}

  /**
   * Fetches an A2A 1.0 agent card and registers its agent as external: skills become capabilities, the first interface
   * becomes the endpoint, and the card is its health check.
   */
  @Post('import-card')
  @Needs('admin')
  @ApiBody({ type: ImportCardDto })
  @ApiCreatedResponse({ type: AgentViewDto })
  @Problems('invalid-request', 'agent-exists', 'operation-in-progress', 'database-unavailable')
  async import(@Body() body: ImportCardDto, @Res({ passthrough: true }) response: Response): Promise<AgentView> {
    const agentId = await this.cards.import(body);
    response.location(`/api/agents/${agentId}`);
    return this.views.view(agentId);
  }

  /**
   * Returns the A2A agent card that the agent was imported from, with an extension for its status, score and circuit and
   * without signatures. An agent that was not imported from a card has none.
   */
  @Get(':id/agent-card.json')
  @Needs('viewer')
  @ApiOkResponse({ type: AgentCardDto })
  @Problems('agent-not-found', 'not-found')
  read(@Param('id', AgentIdPipe) agentId: string): Readonly<Record<string, unknown>> {
    return this.cards.cardOf(agentId);
  }
}
