import { phaseDeadlineOf } from './deadline';
import type { Turn } from './turn';

/** Stable: the incident is over and the count 0. */
export function becomeStable(turn: Turn): void {
  const phase = turn.phase;
  if (phase.kind !== 'running' || phase.stable) return;
  const due = phaseDeadlineOf(turn.result(), turn.policy);
  if (due === null || turn.now < due) return;
  turn.enter({ ...phase, stable: true });
  const circuit = turn.circuit;
  if (circuit.state !== 'CLOSED' || circuit.failureCount > 0) turn.moveCircuit({ type: 'success' });
  if (turn.state.incident === null) return;
  turn.record('agent.healthy', { pid: phase.run.process.pid, incidentOver: true });
  turn.endIncident('recovered');
}
