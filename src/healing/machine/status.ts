import type { AgentStatus } from '../../kernel';
import type { MachineState } from './draft';
import type { DownPhase } from './phase';

/** Returns the status of an external agent: `unknown` until its first good check. */
export function externalStatusOf({ state, circuit }: MachineState): AgentStatus {
  if (state.external?.wasSeen !== true) return 'unknown';
  return circuit.state === 'OPEN' ? 'unhealthy' : 'running';
}

/** Returns the status of an agent that the supervisor launches. The caller adds `unhealthy`, which health decides. */
export function statusOf(machineState: MachineState): AgentStatus {
  const { state, desired } = machineState;
  const phase = state.phase;
  if (desired === 'stopped') return 'stopped';
  switch (phase.kind) {
    case 'stopped':
      return 'recovering';
    case 'starting':
      return phase.launch.kind === 'spawn' && state.incident === null ? 'starting' : 'recovering';
    case 'verifying':
      if (state.incident !== null || phase.launch?.kind === 'restart') return 'recovering';
      // A process that was adopted alive has nothing to recover from.
      return phase.launch === null ? 'running' : 'starting';
    case 'running':
      return 'running';
    case 'stopping':
      return phase.then.kind === 'halted' ? 'halted' : 'recovering';
    case 'down':
      return state.incident === null && awaitsAutostart(phase) ? 'starting' : downStatusOf(phase);
  }
}

/** Returns true before the first launch of an autostart. PM2 or the first snapshot may delay it. */
function awaitsAutostart({ why, launch }: DownPhase): boolean {
  return why === 'waiting' && launch?.by === 'autostart';
}

function downStatusOf(phase: DownPhase): AgentStatus {
  if (phase.why === 'halted') return 'halted';
  return isRestartDue(phase) ? 'backing-off' : 'recovering';
}

/** Returns true if a launch is due. While the operator acts in a shell, none is. */
export function isRestartDue(phase: DownPhase): boolean {
  return phase.why === 'backing-off' || phase.why === 'restart-delay' || phase.why === 'waiting';
}
