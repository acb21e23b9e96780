import { z } from 'zod';
import { agentDefinitionSchema } from './agent-definition';
import { AGENT_STATUSES } from './agent-status';

const time = z.string().describe('ISO 8601, UTC');

/** An agent as every reader gets it: its definition without env values, and what is known of it now. */
export const agentViewSchema = z.object({
  ...agentDefinitionSchema.shape,
  env: z.record(z.string(), z.literal('***')).describe('Names only: values are write-only'),
  missingEnv: z
    .array(z.string())
    .describe('Names of env whose values are not on this machine, after RESTORE_FROM: it is not spawned without them'),
  desiredState: z.enum(['running', 'stopped']),
  status: z.enum(AGENT_STATUSES),
  pid: z.number().int().nullable(),
  healthScore: z.number().min(0).max(100).nullable().describe('null: desired is stopped, or nothing was checked yet'),
  restarts: z.number().int().min(0),
  uptimeSeconds: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  cpuPercent: z.number().nullable(),
  nextAttemptAt: time.nullable().describe('When the next restart or trial is due'),
  announced: z
    .object({ endpoint: z.string().nullable(), healthUrl: z.string().nullable() })
    .nullable()
    .describe('Where this run says that it listens; it outranks the definition'),
  pausedUntil: time.nullable(),
  restartPending: z.boolean().describe('The definition was changed since the launch'),
  lastFailure: z
    .object({ at: time, cause: z.string(), line: z.string(), action: z.string(), incidentId: z.string() })
    .nullable()
    .describe('Why it was last restarted or halted'),
  circuit: z.object({
    state: z.enum(['CLOSED', 'OPEN', 'HALF_OPEN']),
    failureCount: z.number().int().min(0),
    lastFailureAt: time.nullable(),
    trippedAt: time.nullable(),
  }),
  registeredAt: time,
  updatedAt: time,
});

export type AgentView = Readonly<z.output<typeof agentViewSchema>>;
