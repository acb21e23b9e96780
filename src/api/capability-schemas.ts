import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { routeRequestSchema } from '../capabilities';
import { capabilitiesSchema } from '../kernel';

export class CapabilitiesDto extends createZodDto(
  z.object({ capabilities: z.record(z.string(), z.array(z.string())) }),
) {}

export class CapabilityListDto extends createZodDto(z.strictObject({ capabilities: capabilitiesSchema })) {}

export class RouteTaskDto extends createZodDto(routeRequestSchema) {}

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
    traceparent: z.string().nullable().describe('Trace context that came with the task; null: none did'),
  }),
) {}
