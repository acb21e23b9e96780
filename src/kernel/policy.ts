import { z } from 'zod';

const seconds = (description: string) => z.number().min(0).max(86_400).describe(description);
const positiveSeconds = (description: string) => z.number().positive().max(86_400).describe(description);

/**
 * Settings that an agent may override. The names are those of the service settings, in camelCase. A member that is
 * absent falls back to its setting.
 */
export const policySchema = z
  .strictObject({
    restart: z
      .enum(['always', 'on-failure', 'never'])
      .describe('always: every exit is a failure; on-failure: exit 0 means finished; never: a crash halts the agent'),
    healthIntervalSeconds: positiveSeconds('Time between two periodic checks'),
    healthTimeoutSeconds: positiveSeconds('Timeout of one check'),
    startupGraceSeconds: seconds(
      'Time after a launch in which failed checks do not count, until the first check passes',
    ),
    heartbeatTimeoutSeconds: positiveSeconds('Longest time between two heartbeats, once the agent has sent one'),
    verifySeconds: seconds('A recovery is verified after this long without a failed check'),
    stableSeconds: seconds('The incident is over this long after the verification'),
    backoffBaseSeconds: positiveSeconds('Delay before the second restart of an incident; doubled for each further one'),
    backoffMaxSeconds: positiveSeconds('Longest delay before a restart'),
    restartDelaySeconds: seconds('Delay between terminate and spawn of a requested restart'),
    circuitFailureThreshold: z.number().int().min(1).max(1000).describe('Consecutive failures that trip the circuit'),
    circuitFailuresPerHour: z
      .number()
      .int()
      .min(1)
      .max(10_000)
      .describe('Failures within a rolling hour that trip the circuit'),
    circuitCooldownSeconds: positiveSeconds('Time in OPEN before the trial'),
    killTimeoutSeconds: positiveSeconds('Time between SIGTERM and SIGKILL'),
    escalationReminderHours: z.number().min(0).max(8760).describe('Time between reminders while halted; 0: never'),
    progressTimeoutSeconds: positiveSeconds(
      'An agent that is busy for this long without progress is stuck; unset: never',
    ),
    selfFailingSeconds: positiveSeconds(
      'An agent that reports failing in all heartbeats for this long is failing; default: 120',
    ),
    tokenBudget: z
      .number()
      .int()
      .positive()
      .describe('Tokens that the agent may use within the window; unset: no limit'),
    tokenBudgetWindowSeconds: z
      .number()
      .positive()
      .max(31_536_000)
      .describe('Length of the window of the token budget; default: 86,400'),
    idleStopSeconds: positiveSeconds(
      'An agent that routing started is stopped after this long without a routed task or a busy heartbeat; unset: never',
    ),
    otel: z.boolean().describe('true: the supervisor accepts telemetry of the agent; default: false'),
  })
  .partial();

export type Policy = Readonly<z.infer<typeof policySchema>>;

export type RestartPolicy = NonNullable<Policy['restart']>;
