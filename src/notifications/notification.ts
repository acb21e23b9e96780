import { z } from 'zod';

const common = { incidentId: z.string() };

/** Notification for the operator. It is saved until it is sent, and this schema parses it again. */
export const notificationSchema = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('escalation'),
    agentId: z.string(),
    name: z.string(),
    cause: z.string(),
    line: z.string(),
    evidence: z.array(z.string()),
    advice: z.string(),
    /** Failed restarts of the incident. */
    attempts: z.number(),
    /** true: restarts continue, after long pauses. */
    goesOn: z.boolean(),
    /** ISO 8601; null: only the operator can start it. */
    nextTrialAt: z.string().nullable(),
    /** Time between two reminders, in milliseconds; 0: no reminders. */
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
  z.object({
    ...common,
    kind: z.literal('recovered'),
    agentId: z.string(),
    name: z.string(),
    downForMs: z.number(),
    /** Unfinished task that the recovered process was given; absent: none, or saved by an older version. */
    resumedTask: z.string().optional(),
  }),
  z.object({
    ...common,
    kind: z.literal('check-misconfigured'),
    agentId: z.string(),
    name: z.string(),
    line: z.string(),
    advice: z.string(),
  }),
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

export type Notification = Readonly<z.output<typeof notificationSchema>>;
