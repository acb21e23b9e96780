import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';
import { importRequestSchema } from '../cards';

export class ImportCardDto extends createZodDto(importRequestSchema) {}

export class AgentCardDto extends createZodDto(
  z
    .looseObject({
      name: z.string(),
      capabilities: z.looseObject({
        extensions: z.array(z.looseObject({ uri: z.string(), params: z.looseObject({}).optional() })),
      }),
    })
    .describe('A2A 1.0 agent card; the extension urn:agent-spawner:a2a:supervision:1 has status, score and circuit'),
) {}
