import { z } from 'zod';
import { agentDefinitionSchema } from './agent-definition';

export type DesiredState = 'running' | 'stopped';

/** Status that readers see. It is always derived, and never stored as a fact of its own. */
export const AGENT_STATUSES = [
  'stopped',
  'starting',
  'running',
  'unhealthy',
  'backing-off',
  'recovering',
  'halted',
  'unknown',
] as const;

export type AgentStatus = (typeof AGENT_STATUSES)[number];

/** Least score of a healthy agent. Below it the verdict is failing, and the agent gets no tasks. */
export const HEALTHY_FROM = 50;

/** State of an agent's circuit breaker (after Martin Fowler). In OPEN, no restart is tried. */
export type CircuitState = 'CLOSED' | 'OPEN' | 'HALF_OPEN';

const time = z.string().describe('ISO 8601, UTC');

/**
 * Agent as every reader gets it: its definition without the values of `env` and `healthHeaders`, and its observed
 * state.
 */
export const agentViewSchema = z.object({
  ...agentDefinitionSchema.shape,
  env: z.record(z.string(), z.literal('***')).describe('Names only: values are write-only'),
  healthHeaders: z.record(z.string(), z.literal('***')).describe('Names only: values are write-only'),
  missingEnv: z
    .array(z.string())
    .describe('Names of env whose values are missing after RESTORE_FROM; the agent is not launched until they are set'),
  desiredState: z.enum(['running', 'stopped']),
  status: z.enum(AGENT_STATUSES),
  pid: z.number().int().nullable(),
  healthScore: z
    .number()
    .min(0)
    .max(100)
    .nullable()
    .describe('null: the desired state is stopped, or no check has run yet'),
  restarts: z.number().int().min(0),
  uptimeSeconds: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  cpuPercent: z.number().nullable(),
  nextAttemptAt: time.nullable().describe('When the next restart or trial is due'),
  announced: z
    .object({ endpoint: z.string().nullable(), healthUrl: z.string().nullable() })
    .nullable()
    .describe('Addresses that the current run announced; they override the definition'),
  pausedUntil: time.nullable(),
  restartPending: z.boolean().describe('The definition has changed since the launch; a restart applies it'),
  lastFailure: z
    .object({ at: time, cause: z.string(), line: z.string(), action: z.string(), incidentId: z.string() })
    .nullable()
    .describe('Reason of the last restart or halt'),
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
