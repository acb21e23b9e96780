import type { ToolAnnotations } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { Role } from '../config';
import { parseOrThrow } from '../kernel';
import { compactSchema, type JsonSchema } from './compact-schema';
import type { ReportProgress } from './progress';

/** What a running call may use besides its arguments. */
export interface ToolCall {
  readonly role: Role;
  /** Aborts when the client cancels or disconnects. It ends waits; an action that has begun goes on. */
  readonly signal: AbortSignal;
  readonly report: ReportProgress;
  /** Trace context that the client sent with the call (W3C Trace Context). */
  readonly traceparent?: string;
}

/** Result of a successful call. */
export interface ToolOutput {
  readonly structured: Readonly<Record<string, unknown>>;
  /** The result in one line. It contains no text of an agent. */
  readonly line: string;
}

/** An operation that a planner may call. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Role that a call requires: that of the REST route with the same effect. */
  readonly needs: Role;
  readonly annotations: ToolAnnotations;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema;
  /** @throws Problem `invalid-request` for arguments that the input schema refuses, and the problems of the operation */
  readonly call: (args: unknown, call: ToolCall) => Promise<ToolOutput>;
}

interface ToolSpec<Input extends z.ZodType, Output extends z.ZodType> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly needs: Role;
  readonly effect: Effect;
  readonly input: Input;
  readonly output: Output;
  readonly run: (args: z.output<Input>, call: ToolCall) => Promise<z.input<Output>> | z.input<Output>;
  /** Describes a result in one line, without text of an agent. */
  readonly line: (result: z.output<Output>) => string;
}

type Effect = keyof typeof EFFECTS;

const LOCAL = { openWorldHint: false };
const EFFECTS = {
  reads: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, ...LOCAL },
  /** Changes something; doing it again changes more. */
  acts: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, ...LOCAL },
  /** Changes something; doing it again changes nothing more. */
  settles: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, ...LOCAL },
  /** Ends a process and the work in it. */
  ends: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, ...LOCAL },
  /** Ends a process and its work each time. */
  endsAgain: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, ...LOCAL },
} as const;

/** Builds a tool. One schema each is the type, the validator and the published description of arguments and result. */
export function defineTool<Input extends z.ZodType, Output extends z.ZodType<Record<string, unknown>>>(
  spec: ToolSpec<Input, Output>,
): Tool {
  const { name, title, description, needs, effect, input, output, run, line } = spec;
  return {
    ...{ name, title, description, needs },
    annotations: EFFECTS[effect],
    inputSchema: compactSchema(input, 'input'),
    outputSchema: compactSchema(output, 'output'),
    call: async (args, call) => {
      // Parsing the result drops every member that the schema does not name.
      const structured = output.parse(await run(parseOrThrow(input, args ?? {}), call));
      return { structured, line: line(structured) };
    },
  };
}
