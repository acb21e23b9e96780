import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { FAILURE_CAUSES } from '../kernel';

const time = z.string().describe('ISO 8601, UTC');
const signal = z.number().min(0).max(1);

const healthResultSchema = z.object({
  agentId: z.string(),
  healthy: z.boolean(),
  score: z
    .number()
    .int()
    .min(0)
    .max(100)
    .nullable()
    .describe('null: the desired state is stopped, or no check has run yet'),
  responseMs: z.number().nullable(),
  statusCode: z.number().int().nullable(),
  error: z.string().nullable(),
  checkedAt: time,
  signals: z.object({ availability: signal, latency: signal, errors: signal, progress: signal }),
  explanation: z.string().describe('Why the score is below 100, and what is not watched'),
});

export class HealthResultDto extends createZodDto(healthResultSchema) {}

const count = z.number().int().min(0);

export class HealthReportDto extends createZodDto(
  z.object({
    generatedAt: time,
    summary: z.object({
      total: count,
      running: count,
      unhealthy: count,
      halted: count,
      stopped: count,
      other: count,
    }),
    agents: z.record(z.string(), healthResultSchema),
    service: z.array(
      z.object({
        name: z.enum(['agents', 'database', 'pm2', 'loops', 'telegram', 'mirror']),
        state: z.enum(['up', 'degraded', 'down']),
        reason: z.string().nullable().describe('Stable phrase, as in /health/ready; null: no fault'),
        detail: z.string().nullable().describe('The exact fault, and what to do'),
        facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
      }),
    ),
  }),
) {}

export class HealthLogDto extends createZodDto(
  z.object({
    checks: z.array(
      z.object({
        id: z.string(),
        agentId: z.string(),
        healthScore: z.number().int().nullable(),
        responseMs: z.number().nullable(),
        error: z.string().nullable(),
        checkedAt: time,
      }),
    ),
  }),
) {}

export class DiagnosisDto extends createZodDto(
  z.object({
    agentId: z.string(),
    cause: z.enum(FAILURE_CAUSES),
    line: z.string().describe('One line: what happened'),
    restartable: z.boolean().describe('false: a restart cannot fix the cause'),
    certainty: z
      .enum(['certain', 'likely'])
      .describe('likely: if no restart can fix the cause, the agent is halted only after two runs in a row fail by it'),
    rule: z.string().nullable().describe('Name of the rule that matched the output of the run; null: none'),
    block: z.array(z.string()).describe('Lines of the output that the cause was read from, at most 20; empty: none'),
    evidence: z.array(z.object({ source: z.string(), detail: z.string() })),
    advice: z.string(),
    exitCode: z.number().int().nullable(),
    signal: z.string().nullable(),
    memoryBytes: z.number().nullable(),
    diagnosedAt: time,
    incidentId: z.string().nullable(),
    open: z.boolean().describe('true: the incident is not over yet'),
  }),
) {}
