import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { agentViewSchema } from '../kernel';
import { MAX_WAIT_SECONDS, WAIT_CONDITIONS } from '../healing';
import { problemSchema } from './schemas';

const DEFAULT_SECONDS = 30;

export class WaitQueryDto extends createZodDto(
  z.strictObject({
    for: z
      .enum(WAIT_CONDITIONS)
      .default('healthy')
      .describe(
        '`running`: a process is up. `verified`: it passed its verification. `healthy`: status running, circuit not OPEN, score 50 or more. `stopped`: desired stopped, and no process is left. `recovered`: verified, and no incident is open. An external agent is running and verified while its latest check is good.',
      ),
    timeoutSeconds: z.coerce
      .number()
      .min(0)
      .max(MAX_WAIT_SECONDS)
      .default(DEFAULT_SECONDS)
      .describe('Limit of the wait; 0 answers at once'),
  }),
) {}

export class WaitTimeoutDto extends createZodDto(problemSchema.extend({ agent: agentViewSchema })) {}
