import { z } from 'zod';
import { AGENT_STATUSES, agentIdSchema } from '../../kernel';

/** Arguments that several tools take. */
export const id = agentIdSchema.describe('');
export const onAgent = z.strictObject({ id });
export const cursor = z.string().max(128).optional();
export const status = z.enum(AGENT_STATUSES);
