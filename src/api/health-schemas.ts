import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { FAILURE_CAUSES } from '../kernel';

const time = z.string().describe('ISO 8601, UTC');
const signal = z.number().min(0).max(1);

const healthResultSchema = z.object({
  agentId: z.string(),
  healthy: z.boolean(),
  score: z.number().int().min(0).max(100).nullable().describe('null: desired is stopped, or nothing was checked yet'),
  responseMs: z.number().nullable(),
  statusCode: z.number().int().nullable(),
  error: z.string().nullable(),
  checkedAt: time,
  signals: z.object({ availability: signal, latency: signal, errors: signal, progress: signal }),
  explanation: z.string().describe('In words: what costs it points, and what is not watched'),
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
    line: z.string().describe('What happened, in one line'),
    restartable: z.boolean().describe('false: no restart can cure it'),
    evidence: z.array(z.object({ source: z.string(), detail: z.string() })),
    advice: z.string(),
    exitCode: z.number().int().nullable(),
    signal: z.string().nullable(),
    memoryBytes: z.number().nullable(),
    diagnosedAt: time,
    incidentId: z.string().nullable(),
    open: z.boolean().describe('Its incident is not over yet'),
  }),
) {}
