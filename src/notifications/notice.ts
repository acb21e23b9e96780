import { z } from 'zod';

const common = { incidentId: z.string() };

/** What a person is told. It is kept until it is told, so its shape is read back by this schema. */
export const noticeSchema = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('escalation'),
    agentId: z.string(),
    name: z.string(),
    cause: z.string(),
    line: z.string(),
    evidence: z.array(z.string()),
    advice: z.string(),
    /** Restarts that were made in vain. */
    attempts: z.number(),
    /** It goes on being restarted, after long pauses. */
    goesOn: z.boolean(),
    /** ISO 8601; null: only a person can start it. */
    nextTrialAt: z.string().nullable(),
    /** Between two reminders; 0: none. */
    reminderMs: z.number(),
  }),
  z.object({
    ...common,
    kind: z.literal('reminder'),
    agentId: z.string(),
    name: z.string(),
    cause: z.string(),
    line: z.string(),
    /** Wall clock, epoch milliseconds. */
    since: z.number(),
  }),
  z.object({ ...common, kind: z.literal('recovered'), agentId: z.string(), name: z.string(), downForMs: z.number() }),
  z.object({
    ...common,
    kind: z.literal('fleet-degraded'),
    reason: z.string(),
    affected: z.number(),
    running: z.number(),
    evidence: z.string(),
    names: z.array(z.string()),
  }),
  z.object({ ...common, kind: z.literal('fleet-restored'), affected: z.number(), durationMs: z.number() }),
  z.object({ ...common, kind: z.literal('daemon-ended'), agents: z.number() }),
]);

export type Notice = Readonly<z.output<typeof noticeSchema>>;
