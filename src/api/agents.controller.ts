import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { AgentDefinitionInput, AgentView } from '../kernel';
import { Needs } from '../auth';
import { AgentViews } from '../healing';
import { AgentRegistry } from '../registry';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';
import { AgentDefinitionDto, AgentListDto, AgentPatchDto, AgentQueryDto, AgentViewDto } from './schemas';

/** Lists, registers, changes and unregisters agents. */
@ApiTags('agents')
@Controller('api/agents')
export class AgentsController {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly views: AgentViews,
  ) {}

  /** Lists agents, optionally by tag, capability and status. */
  @Get()
  @Needs('viewer')
  @ApiOkResponse({ type: AgentListDto })
  @Problems('invalid-request')
  list(@Query() query: AgentQueryDto): { agents: AgentView[] } {
    return { agents: this.views.list(query) };
  }

  /** Registers an agent, and starts it if `autostart` is set. */
  @Post()
  @Needs('admin')
  @ApiBody({ type: AgentDefinitionDto })
  @ApiCreatedResponse({ type: AgentViewDto })
  @Problems('invalid-request', 'agent-exists', 'operation-in-progress', 'database-unavailable')
  async register(@Body() body: unknown, @Res({ passthrough: true }) response: Response): Promise<AgentView> {
    // The registry validates it with its own schema, as for every other caller.
    const { agentId } = await this.registry.register(body as AgentDefinitionInput);
    response.location(`/api/agents/${agentId}`);
    return this.views.view(agentId);
  }

  /** Returns one agent in its current state. */
  @Get(':id')
  @Needs('viewer')
  @ApiOkResponse({ type: AgentViewDto })
  @Problems('agent-not-found')
  read(@Param('id', AgentIdPipe) agentId: string): AgentView {
    return this.views.view(agentId);
  }

  /** Changes members. Members that a process is launched with take effect at its next launch (`restartPending`). */
  @Patch(':id')
  @Needs('admin')
  @ApiBody({ type: AgentPatchDto })
  @ApiOkResponse({ type: AgentViewDto })
  @Problems('invalid-request', 'agent-not-found', 'operation-in-progress', 'database-unavailable')
  async change(@Param('id', AgentIdPipe) agentId: string, @Body() body: unknown): Promise<AgentView> {
    await this.registry.update(agentId, body);
    return this.views.view(agentId);
  }

  /** Terminates an agent and unregisters it. */
  @Delete(':id')
  @HttpCode(204)
  @Needs('admin')
  @ApiNoContentResponse()
  @Problems('agent-not-found', 'operation-in-progress', 'database-unavailable')
  unregister(@Param('id', AgentIdPipe) agentId: string): Promise<void> {
    return this.registry.unregister(agentId);
  }
}
