import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import {
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type Tool as ToolEntry,
} from '@modelcontextprotocol/server';
import { isProblem, messageOf, Problem } from '../kernel';
import { includesRole } from '../auth';
import type { Role } from '../config';
import { ActingTools } from './acting-tools';
import { bytesOf, MOST_BYTES } from './page';
import { ReadingTools } from './reading-tools';
import type { Tool, ToolCall } from './tool';
import { toolError } from './tool-error';

const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];

/** Holds the tools in their one order, lists those of a role, and calls them. */
@Injectable()
export class ToolSet {
  private readonly logger = new Logger('Mcp');
  private readonly tools: readonly Tool[];
  private readonly byName: ReadonlyMap<string, Tool>;
  /** Built once: the list depends on the role alone. */
  private readonly lists: ReadonlyMap<Role, readonly ToolEntry[]>;

  constructor(reading: ReadingTools, acting: ActingTools) {
    this.tools = [...reading.tools, ...acting.tools];
    this.byName = new Map(this.tools.map((tool) => [tool.name, tool]));
    this.lists = new Map(ROLES.map((role) => [role, this.listFor(role)]));
  }

  /** Returns the tools that a role may call, as the protocol publishes them. */
  list(role: Role): readonly ToolEntry[] {
    return this.lists.get(role) ?? [];
  }

  /**
   * Calls a tool. Whatever the operation throws becomes an error result, which the planner can read.
   *
   * @throws ProtocolError for a name that no tool has
   */
  async call(name: string, args: unknown, call: ToolCall): Promise<CallToolResult> {
    const tool = this.byName.get(name);
    if (tool === undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool. tools/list names all.');
    try {
      requireRole(tool, call.role);
      const { structured, line } = await tool.call(args, call);
      const result: CallToolResult = { content: [{ type: 'text', text: line }], structuredContent: { ...structured } };
      if (bytesOf(result) <= MOST_BYTES) return result;
      throw new Error(`the result of ${name} has ${bytesOf(result)} bytes`);
    } catch (error) {
      return toolError(isProblem(error) ? error : this.unexpected(name, error));
    }
  }

  private listFor(role: Role): ToolEntry[] {
    return this.tools
      .filter(({ needs }) => includesRole(role, needs))
      .map(({ name, title, description, annotations, inputSchema, outputSchema }) => ({
        ...{ name, title, description, annotations, inputSchema, outputSchema },
      }));
  }

  private unexpected(name: string, error: unknown): Problem {
    const incident = randomUUID();
    // Logs chosen fields only: a database error also contains the values of its statement.
    this.logger.error({ incident, tool: name, error: messageOf(error) }, 'tool failed');
    return new Problem('internal-error', `An unexpected error occurred. Search the log for ${incident}.`);
  }
}

/** Refuses a role that is too low. The role is the only boundary: nothing that a planner says can widen it. */
function requireRole({ name, needs }: Tool, role: Role): void {
  if (includesRole(role, needs)) return;
  throw new Problem('forbidden', `${name} requires the role ${needs}; the token has the role ${role}.`);
}
