import type { AgentStatus } from '../../kernel';
import type { DownPhase } from './state';
import type { Situation } from './turn';

/** The same of an external agent, of which nothing is known until it was seen well once. */
export function externalStatusOf({ state, circuit }: Situation): AgentStatus {
  if (state.external?.wasSeen !== true) return 'unknown';
  return circuit.state === 'OPEN' ? 'unhealthy' : 'running';
}

/** What a reader is told of one that we launch; `unhealthy` is added by health. */
export function statusOf(situation: Situation): AgentStatus {
  const { state, desired } = situation;
  const phase = state.phase;
  if (desired === 'stopped') return 'stopped';
  switch (phase.kind) {
    case 'stopped':
      return 'recovering';
    case 'starting':
      return phase.launch.kind === 'spawn' && state.incident === null ? 'starting' : 'recovering';
    case 'verifying':
      if (state.incident !== null || phase.launch?.kind === 'restart') return 'recovering';
      // Without a launch of ours it was found alive, and there is nothing to recover from.
      return phase.launch === null ? 'running' : 'starting';
    case 'running':
      return 'running';
    case 'stopping':
      return phase.then.kind === 'halted' ? 'halted' : 'recovering';
    case 'down':
      if (phase.why === 'halted') return 'halted';
      return isRestartDue(phase) ? 'backing-off' : 'recovering';
  }
}

/** False while it only waits to see what somebody does in a shell: then nothing is due. */
export function isRestartDue(phase: DownPhase): boolean {
  return phase.why === 'backing-off' || phase.why === 'restart-delay' || phase.why === 'waiting';
}
