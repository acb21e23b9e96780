import { HEALTHY_FROM, isExternal, Problem, type AgentView } from '../../kernel';
import type { MachineState } from '../machine';

export const WAIT_CONDITIONS = ['healthy', 'verified', 'running', 'stopped', 'recovered'] as const;

/**
 * Condition that a caller can wait for.
 *
 * - `running`: a process of the agent is up, verified or not.
 * - `verified`: the present process passed its verification (`VERIFY_SECONDS`).
 * - `healthy`: `running`, its status too, circuit not OPEN, and a score of 50 or more. An agent that is neither checked
 *   nor sends heartbeats has no score at first; it must be verified instead.
 * - `stopped`: desired stopped, and no process is left.
 * - `recovered`: verified, and no incident is open. An incident ends once the agent is stable (`STABLE_SECONDS`).
 *
 * An external agent has no process here: it is `running` and `verified` while its latest check is good.
 */
export type WaitCondition = (typeof WAIT_CONDITIONS)[number];

/** Facts about an agent that the conditions need. */
export interface WaitSubject {
  readonly view: Pick<AgentView, 'agentId' | 'entryPoint' | 'status' | 'healthScore' | 'circuit'>;
  readonly machine: MachineState;
  /** True if the agent has a health URL, or if its present process has sent a heartbeat. */
  readonly isWatchedInside: boolean;
}

/**
 * Returns true if the condition holds now. A condition that cannot hold at present, such as `running` of a halted agent,
 * is false and not an error: an operator may act at any time.
 *
 * @throws Problem `external-agent` for `stopped` of an external agent, which the supervisor never stops
 */
export function isMet(condition: WaitCondition, subject: WaitSubject): boolean {
  switch (condition) {
    case 'running':
      return isRunning(subject);
    case 'verified':
      return isVerified(subject);
    case 'healthy':
      return isHealthy(subject);
    case 'stopped':
      return isStopped(subject);
    case 'recovered':
      return subject.machine.state.incident === null && isVerified(subject);
  }
}

function isRunning({ view, machine }: WaitSubject): boolean {
  if (isExternal(view)) return isCheckedGood(machine);
  const { kind } = machine.state.phase;
  return kind === 'verifying' || kind === 'running';
}

function isVerified({ view, machine }: WaitSubject): boolean {
  return isExternal(view) ? isCheckedGood(machine) : machine.state.phase.kind === 'running';
}

function isHealthy(subject: WaitSubject): boolean {
  const { status, healthScore, circuit } = subject.view;
  if (!isRunning(subject) || status !== 'running' || circuit.state === 'OPEN') return false;
  if (healthScore === null) return !subject.isWatchedInside && isVerified(subject);
  return healthScore >= HEALTHY_FROM;
}

function isStopped({ view, machine }: WaitSubject): boolean {
  if (isExternal(view)) {
    throw new Problem(
      'external-agent',
      `${view.agentId} has no entry point, so the supervisor never stops it. Wait for another condition.`,
    );
  }
  const { kind } = machine.state.phase;
  // `down` with a desired stop: its daemon was killed on purpose, and its processes with it.
  return machine.desired === 'stopped' && (kind === 'stopped' || kind === 'down');
}

function isCheckedGood({ state }: MachineState): boolean {
  return (state.external?.goodSince ?? null) !== null;
}
