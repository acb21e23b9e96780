import { z } from 'zod';
import { agentIdSchema, text } from '../kernel';

/** Default of `waitSeconds`. */
const WAIT_SECONDS = 10;
const MAX_WAIT_SECONDS = 60;

/** Version 00 of W3C Trace Context has four parts; a later version may append more. ff is no version. */
const TRACEPARENT =
  /^(?:00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}|(?!00|ff)[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]*)?)$/;
const INVALID_ID = /^..-(?:0{32}|[0-9a-f]{32}-0{16})-/;
const MAX_TRACEPARENT = 256;

/** Body of a request for an agent. */
export const routeRequestSchema = z.strictObject({
  taskType: text(128).describe(
    'Capability that the task needs, such as content.generate. A registered wildcard such as content.* matches it too',
  ),
  spawn: z
    .boolean()
    .default(true)
    .describe('true: if no agent is usable, a stopped one is started. A halted or paused agent never is'),
  exclude: z.array(agentIdSchema).max(1_000).default([]).describe('Agents that must not be chosen or started'),
  waitSeconds: z
    .number()
    .min(0)
    .max(MAX_WAIT_SECONDS)
    .default(WAIT_SECONDS)
    .describe(
      'Longest wait for an agent that is starting, recovering or backing off, before 503. A start on demand may take its verification (VERIFY_SECONDS, at most 60 s) longer. 0: do not wait',
    ),
  traceparent: z
    .string()
    .max(MAX_TRACEPARENT)
    .refine(
      (value) => TRACEPARENT.test(value) && !INVALID_ID.test(value),
      'must be a W3C traceparent, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    )
    .optional()
    .describe('W3C trace context of the task; stored in its event and returned'),
});

/** Options of a route in this process; see {@link routeRequestSchema}. */
export interface RouteOptions {
  readonly exclude?: readonly string[] | undefined;
  readonly spawn?: boolean | undefined;
  readonly waitSeconds?: number | undefined;
  readonly traceparent?: string | undefined;
  /** Cancels the wait. A start that was begun goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** A route with its defaults. */
export interface RouteRequest {
  readonly taskType: string;
  readonly exclude: ReadonlySet<string>;
  readonly spawn: boolean;
  readonly waitMs: number;
  readonly traceparent: string | null;
}

export function routeRequestOf(taskType: string, options: RouteOptions): RouteRequest {
  const { exclude = [], spawn = true, waitSeconds = WAIT_SECONDS, traceparent = null } = options;
  return { taskType, exclude: new Set(exclude), spawn, waitMs: waitSeconds * 1_000, traceparent };
}
