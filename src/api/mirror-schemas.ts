import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const count = z.number().int().min(0);

export class MirrorDto extends createZodDto(
  z.object({
    configured: z.boolean().describe('SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY are set'),
    state: z
      .enum(['off', 'working', 'waiting', 'paused'])
      .describe('waiting: retries until Supabase answers; paused: until the operator does what `degraded` says'),
    waiting: count.describe('Changes that are not uploaded yet; counted up to 100,001'),
    lagSeconds: count.describe('Age of the oldest change that is not uploaded yet'),
    setAside: count.describe(
      'Rows that Supabase refused because of their content; POST /api/mirror/retry retries them',
    ),
    lastError: z.string().nullable(),
    degraded: z.string().nullable().describe('The fault, and what to do; null: no fault'),
    refused: z
      .array(
        z.object({
          table: z.string(),
          key: z.string(),
          error: z.string(),
          tries: count,
          setAside: z.boolean(),
          refusedAt: z.string().describe('ISO 8601, UTC'),
        }),
      )
      .describe('Refused rows, newest first; rows that are not set aside are retried automatically'),
  }),
) {}

export class MirrorRetryDto extends createZodDto(
  z.object({ retried: count.describe('Number of refused rows that are retried') }),
) {}
