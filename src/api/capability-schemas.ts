import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { agentIdSchema, capabilitiesSchema, text } from '../kernel';

export class CapabilitiesDto extends createZodDto(
  z.object({ capabilities: z.record(z.string(), z.array(z.string())) }),
) {}

export class CapabilityListDto extends createZodDto(z.strictObject({ capabilities: capabilitiesSchema })) {}

export class RouteTaskDto extends createZodDto(
  z.strictObject({
    taskType: text(128).describe('Capability that the task needs, such as content.generate'),
    spawn: z.boolean().default(true).describe('Accepted but ignored: agents are not started on demand yet'),
    exclude: z.array(agentIdSchema).max(1_000).default([]).describe('Agents that must not be chosen'),
  }),
) {}

export class RoutedTaskDto extends createZodDto(
  z.object({
    taskType: z.string(),
    agentId: z.string(),
    endpoint: z
      .string()
      .nullable()
      .describe('URL that accepts the task; null: neither the run nor the definition names one'),
    reason: z.string(),
    candidates: z.array(
      z.object({
        agentId: z.string(),
        score: z.number().int().nullable(),
        status: z.string(),
        rejected: z.string().optional().describe('Why the agent was not chosen; omitted: it was available'),
      }),
    ),
  }),
) {}
