import { z } from 'zod';

/** The namespace of PM2 in which our agents live. */
export const NAMESPACE = 'agents';

/**
 * The fields that we read of PM2's own record of a process. At top level it also holds the whole environment of the
 * agent: everything else is dropped here, and never travels on.
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
  AGENT_RUN_ID: z.string().optional(),
});

export type Pm2Record = z.output<typeof recordSchema>;

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

export const daemonLogSchema = z.object({ data: z.string() });

/** What `prepare` answers: PM2's record of the process, with or without a pid. */
export const preparedSchema = z
  .array(
    z.object({
      pid: z.number().nullish(),
      process: z.object({ pid: z.number().nullish() }).optional(),
      pm2_env: recordSchema,
    }),
  )
  .min(1);

export function isOurs(record: Pm2Record): boolean {
  return record.namespace === NAMESPACE;
}
