import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const count = z.number().int().min(0);

export class MirrorDto extends createZodDto(
  z.object({
    configured: z.boolean().describe('SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY are set'),
    state: z
      .enum(['off', 'working', 'waiting', 'paused'])
      .describe('waiting: for Supabase to answer again; paused: until a person has done what `degraded` says'),
    waiting: count.describe('Changes that Supabase does not have yet; counted up to 100,001'),
    lagSeconds: count.describe('Age of the oldest of them'),
    setAside: count.describe('Rows that Supabase refused for what is in them, tried no more by themselves'),
    lastError: z.string().nullable(),
    degraded: z.string().nullable().describe('What is wrong and what to do; null: nothing'),
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
      .describe('Refused rows, the latest first; those that are not set aside are tried again by themselves'),
  }),
) {}

export class MirrorRetryDto extends createZodDto(z.object({ retried: count.describe('So many refused rows') })) {}
