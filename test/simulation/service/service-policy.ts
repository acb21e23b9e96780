import { NO_ACTIVITY, type HealingPolicy } from '../../../src/healing/machine';
import type { RegisteredAgent } from '../../../src/registry';
import { isChecked } from './agent-traits';
import { GRACE_MS } from './fake-health';

const SECOND_MS = 1_000;

const POLICY: HealingPolicy = {
  restart: 'always',
  verifyMs: 10_000,
  stableMs: 60_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 300_000,
  restartDelayMs: 0,
  killTimeoutMs: 2_000,
  graceMs: GRACE_MS,
  isChecked: true,
  isExternal: false,
  isFleetIncident: false,
  idleStopMs: null,
  activity: NO_ACTIVITY,
  reminderMs: 0,
  circuit: { failureThreshold: 5, failuresPerHour: 20, cooldownMs: 60_000 },
};

/** Returns the policy in effect: the defaults, with what the definition of the agent changes. */
export function policyOf(agentId: string, agent: RegisteredAgent | null, isFleetIncident: boolean): HealingPolicy {
  const { restartDelaySeconds = 0, killTimeoutSeconds = 2 } = agent?.policy ?? {};
  return {
    ...POLICY,
    restartDelayMs: restartDelaySeconds * SECOND_MS,
    killTimeoutMs: killTimeoutSeconds * SECOND_MS,
    isChecked: isChecked(agentId),
    isFleetIncident,
  };
}
