import { z } from 'zod';
import type { AgentTokenClaims } from '../launch/agent-token';

/** PM2 namespace of the agents. */
export const NAMESPACE = 'agents';

/**
 * Fields that are read from PM2's record of a process. The record also holds the whole environment of the agent at top
 * level. Everything else is dropped here and must not travel on.
 */
const recordSchema = z.object({
  name: z.string(),
  namespace: z.string().optional(),
  pm_id: z.number(),
  status: z.string().optional(),
  pm_uptime: z.number().optional(),
  unique_id: z.string().optional(),
  exit_code: z.number().nullish(),
  restart_time: z.number().optional(),
  AGENT_TOKEN: z.string().optional(),
});

export type Pm2Record = z.output<typeof recordSchema>;

/** Returns the claims of an agent token; null if the supervisor did not create it. */
export type VerifyToken = (token: string) => AgentTokenClaims | null;

export const listRowSchema = z.object({
  pid: z.number().nullish(),
  pm_id: z.number(),
  pm2_env: recordSchema,
  monit: z.object({ memory: z.number(), cpu: z.number() }).optional(),
});

export const processEventSchema = z.object({
  event: z.string(),
  manually: z.boolean().optional(),
  at: z.number().optional(),
  process: recordSchema,
});

/**
 * Line of the daemon's own log. PM2 re-emits `process.send({ type, data })` of an agent under any topic, but then `process`
 * names the agent's entry, whose `pm_id` is a number.
 */
export const daemonLogSchema = z.object({ data: z.string(), process: z.object({ pm_id: z.literal('PM2') }) });

/** The daemon's own announcement. A packet that an agent sent has no `status`, and has a `process`. */
export const daemonEndingSchema = z.object({ status: z.literal('killed'), process: z.undefined().optional() });

/** Answer of `prepare`: PM2's record of the process, with or without a pid. */
export const preparedSchema = z
  .array(
    z.object({
      pid: z.number().nullish(),
      process: z.object({ pid: z.number().nullish() }).optional(),
      pm2_env: recordSchema,
    }),
  )
  .min(1);

/**
 * Returns true if the entry is in the agents' namespace. The operator's own programs may be there too; {@link runIdOf}
 * distinguishes them.
 */
export function isAgent(record: Pm2Record): boolean {
  return record.namespace === NAMESPACE;
}

/**
 * Returns the run that an entry was launched as. Null if it has no valid token for the agent that it is named after.
 * The token must not leave this function.
 */
export function runIdOf(record: Pm2Record, verify: VerifyToken): string | null {
  const claims = record.AGENT_TOKEN === undefined ? null : verify(record.AGENT_TOKEN);
  return claims?.agentId === record.name ? claims.runId : null;
}
