import { All, Controller, Logger, Post, Req, Res, UseGuards, type OnModuleDestroy } from '@nestjs/common';
import { ApiBody, ApiExcludeEndpoint, ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { messageOf, Problem } from '../kernel';
import { Needs, type AuthenticatedRequest } from '../auth';
import { OriginGuard } from './origin.guard';
import { PlannerServer } from './planner-server';
import { McpTransport } from './transport';

function problem(description: string) {
  const schema = { $ref: '#/components/schemas/ProblemDto' };
  return { description, content: { 'application/problem+json': { schema } } };
}

/** Serves the Model Context Protocol to planners. */
@ApiTags('planners')
@Controller('mcp')
@UseGuards(OriginGuard)
export class McpController implements OnModuleDestroy {
  private readonly logger = new Logger('Mcp');
  private readonly transport: McpTransport;

  constructor(server: PlannerServer) {
    this.transport = new McpTransport(server.build, (error) => {
      this.logger.debug({ error: messageOf(error) }, 'request refused');
    });
  }

  /** Takes one message of the Model Context Protocol (streamable HTTP, without sessions). */
  @Post()
  @Needs('viewer')
  @ApiBody({ schema: { type: 'object', description: 'JSON-RPC 2.0 request or notification' } })
  @ApiOkResponse({ description: 'JSON-RPC 2.0 response, as JSON or as server-sent events' })
  @ApiResponse({ status: 401, ...problem('`unauthenticated`') })
  @ApiResponse({ status: 403, ...problem('`forbidden`: no role, or the page of another host') })
  @ApiResponse({ status: 422, ...problem('`invalid-request`: a batch') })
  @ApiResponse({ status: 429, ...problem('`too-many-requests`') })
  async serve(@Req() request: AuthenticatedRequest, @Res() response: Response): Promise<void> {
    const role = request.principal?.role;
    if (role === undefined || role === null)
      throw new Problem('forbidden', 'The token has no role. Use a token with a role.');
    // One request is one call, so that the rate limit counts calls. The protocol knows batches only in old revisions.
    if (Array.isArray(request.body))
      throw new Problem('invalid-request', 'The body is a batch. Send each message in a request of its own.');
    response.set('Cache-Control', 'no-store');
    await this.transport.handle(request, response, role);
  }

  /** Answers 405 to the methods of sessions: this server has none. */
  @All()
  @Needs('viewer')
  @ApiExcludeEndpoint()
  refuse(@Req() request: AuthenticatedRequest, @Res() response: Response): Promise<void> {
    return this.serve(request, response);
  }

  async onModuleDestroy(): Promise<void> {
    await this.transport.close();
  }
}
