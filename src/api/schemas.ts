import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import {
  AGENT_STATUSES,
  agentDefinitionSchema,
  agentIdSchema,
  agentPatchSchema,
  agentViewSchema,
  heartbeatSchema,
  tagsSchema,
  text,
} from '../kernel';
import { EVENT_TYPES } from '../events';

const time = z.string().describe('ISO 8601, UTC');
const limit = z.coerce.number().int().min(1).max(1000).default(100).describe('Maximum number of items');

export class AgentDefinitionDto extends createZodDto(agentDefinitionSchema) {}
export class AgentPatchDto extends createZodDto(agentPatchSchema) {}
export class AgentViewDto extends createZodDto(agentViewSchema) {}
export class TerminatedAgentDto extends createZodDto(
  agentViewSchema.extend({
    recorded: z.literal(false).optional().meta({
      description:
        'Present if the agent was stopped but the database could not save that yet; it is saved as soon as possible',
    }),
  }),
) {}
export class AgentListDto extends createZodDto(z.object({ agents: z.array(agentViewSchema) })) {}
export class HeartbeatDto extends createZodDto(heartbeatSchema) {}

export class AgentQueryDto extends createZodDto(
  z.strictObject({
    tag: z.string().max(63).optional(),
    capability: z.string().max(128).optional(),
    status: z.enum(AGENT_STATUSES).optional(),
  }),
) {}

export class RestartDto extends createZodDto(
  z.strictObject({
    reason: text(500).optional(),
    delaySeconds: z.number().min(0).max(3600).optional(),
  }),
) {}

export class PauseDto extends createZodDto(
  z.strictObject({ minutes: z.number().positive().max(10_080).describe('Length of the pause; at most a week') }),
) {}

export class BulkDto extends createZodDto(z.strictObject({ tags: tagsSchema.default([]) })) {}

export class BulkResultsDto extends createZodDto(
  z.object({
    results: z.array(
      z.object({
        agentId: z.string(),
        ok: z.boolean(),
        pid: z.number().int().optional(),
        error: z.string().optional().describe('Stable code of the problem, or halted'),
      }),
    ),
  }),
) {}

export class LimitQueryDto extends createZodDto(z.strictObject({ limit })) {}

export class EventQueryDto extends createZodDto(
  z.strictObject({
    agentId: agentIdSchema.optional(),
    type: z.enum(EVENT_TYPES).optional(),
    after: z.coerce.number().int().min(0).optional().describe('Only events after this seq; omitted: the latest events'),
    limit,
  }),
) {}

export class EventListDto extends createZodDto(
  z.object({
    events: z.array(
      z.object({
        seq: z.number().int(),
        id: z.string(),
        agentId: z.string().nullable(),
        type: z.enum(EVENT_TYPES),
        data: z.record(z.string(), z.unknown()),
        occurredAt: time,
      }),
    ),
  }),
) {}

export class RestartListDto extends createZodDto(
  z.object({
    restarts: z.array(
      z.object({
        id: z.string(),
        agentId: z.string(),
        reason: z.string(),
        pidBefore: z.number().int().nullable(),
        pidAfter: z.number().int().nullable(),
        success: z.boolean(),
        incidentId: z.string().nullable(),
        restartedAt: time,
      }),
    ),
  }),
) {}

export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string().describe('What happened, why, and what to do'),
  instance: z.string(),
  code: z.string().describe('Stable code'),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

export class ProblemDto extends createZodDto(problemSchema) {}
