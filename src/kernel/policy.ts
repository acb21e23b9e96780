import { z } from 'zod';

const seconds = (description: string) => z.number().min(0).max(86_400).describe(description);
const positiveSeconds = (description: string) => z.number().positive().max(86_400).describe(description);

/**
 * What one agent may have different from the settings of the service. The names are those of the settings in
 * camelCase; a member that is not given falls back to its setting.
 */
export const policySchema = z
  .strictObject({
    restart: z
      .enum(['always', 'on-failure', 'never'])
      .describe('always: every exit is a failure; on-failure: exit 0 means finished; never: a crash halts it'),
    healthIntervalSeconds: positiveSeconds('Time between two periodic checks'),
    healthTimeoutSeconds: positiveSeconds('Limit of one check'),
    startupGraceSeconds: seconds('After a launch, failed checks count for nothing until the first good one'),
    heartbeatTimeoutSeconds: positiveSeconds('Once it has sent one, the longest time without a heartbeat'),
    verifySeconds: seconds('A recovery is verified after this long without a failed check'),
    stableSeconds: seconds('The incident is over this long after the verification'),
    backoffBaseSeconds: positiveSeconds('Delay before the second restart of an incident; doubled for each further one'),
    backoffMaxSeconds: positiveSeconds('The longest delay before a restart'),
    restartDelaySeconds: seconds('Pause between terminate and spawn of an asked restart'),
    circuitFailureThreshold: z.number().int().min(1).max(1000).describe('Failures in a row that trip the circuit'),
    circuitFailuresPerHour: z.number().int().min(1).max(10_000).describe('Failures within a rolling hour that trip it'),
    circuitCooldownSeconds: positiveSeconds('Time in OPEN before one trial'),
    killTimeoutSeconds: positiveSeconds('Time between SIGTERM and SIGKILL'),
    escalationReminderHours: z.number().min(0).max(8760).describe('Time between reminders while halted; 0: never'),
    progressTimeoutSeconds: positiveSeconds('Busy for this long without progress means stuck; unset: never'),
    tokenBudget: z.number().int().positive().describe('Tokens it may use within the window; unset: no limit'),
    tokenBudgetWindowSeconds: z.number().positive().max(31_536_000).describe('Window of the token budget; 86,400'),
    idleStopSeconds: positiveSeconds('Started on demand, it is stopped after this long without a task'),
  })
  .partial();

export type Policy = Readonly<z.infer<typeof policySchema>>;

export type RestartPolicy = NonNullable<Policy['restart']>;
