import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { agentIdSchema, capabilitiesSchema, text } from '../kernel';

export class CapabilitiesDto extends createZodDto(
  z.object({ capabilities: z.record(z.string(), z.array(z.string())) }),
) {}

export class CapabilityListDto extends createZodDto(z.strictObject({ capabilities: capabilitiesSchema })) {}

export class RouteTaskDto extends createZodDto(
  z.strictObject({
    taskType: text(128).describe('What is to be done, such as content.generate'),
    spawn: z.boolean().default(true).describe('Accepted; agents are not started on demand yet'),
    exclude: z.array(agentIdSchema).max(1_000).default([]).describe('Agents that must not be chosen'),
  }),
) {}

export class RoutedTaskDto extends createZodDto(
  z.object({
    taskType: z.string(),
    agentId: z.string(),
    endpoint: z.string().nullable().describe('Where the task is to be sent; null: the agent has told none'),
    reason: z.string(),
    candidates: z.array(
      z.object({
        agentId: z.string(),
        score: z.number().int().nullable(),
        status: z.string(),
        rejected: z.string().optional().describe('Why it could not be chosen'),
      }),
    ),
  }),
) {}
