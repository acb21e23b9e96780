import { diagnosisOf } from '../../kernel';
import { halt } from './failing';
import { beginLaunch, healingLaunch } from './launching';
import type { Turn } from './turn';

const BY_HAND = diagnosisOf('unknown', 'failures were counted by hand until the circuit opened');

/** Somebody counted by hand, and the circuit went where that leads: OPEN means that there is no process. */
export function circuitMoved(turn: Turn): void {
  if (turn.desired === 'stopped') return;
  if (turn.circuit.state === 'OPEN') opened(turn);
  else if (turn.circuit.state === 'CLOSED') closed(turn);
}

function opened(turn: Turn): void {
  const phase = turn.phase;
  switch (phase.kind) {
    case 'stopped':
      return;
    case 'verifying':
    case 'running':
      halt(turn, BY_HAND, phase.run);
      return;
    case 'starting':
      halt(turn, BY_HAND, null);
      turn.answer('up', {
        kind: 'refused',
        code: 'operation-in-progress',
        detail: 'Its circuit was opened meanwhile.',
      });
      // Whether there is a process only the answer, or a list, can tell.
      turn.enter({
        ...{ kind: 'stopping', since: turn.now, runId: phase.launch.runId, run: null, awaited: phase.outcome },
        ...{ absences: 0, then: { kind: 'halted' }, againAt: phase.lookAt },
      });
      return;
    case 'stopping':
      if (phase.then.kind === 'start' && phase.then.launch.by === 'healing') {
        turn.enter({ ...phase, then: { kind: 'halted' } });
        if (phase.run !== null) halt(turn, BY_HAND, phase.run);
      }
      return;
    case 'down':
      if (phase.why === 'backing-off' || (phase.why === 'waiting' && phase.launch?.by !== 'operator'))
        halt(turn, BY_HAND, null);
      return;
  }
}

function closed(turn: Turn): void {
  const phase = turn.phase;
  if (phase.kind === 'stopping' && phase.then.kind === 'halted') {
    const launch = healingLaunch('its circuit was closed by hand', phase.run?.process.pid ?? null, null);
    turn.enter({ ...phase, then: { kind: 'start', launch, delayMs: 0 } });
  } else if (phase.kind === 'down' && phase.why === 'halted') {
    beginLaunch(turn, healingLaunch('its circuit was closed by hand', turn.state.lastRun?.process.pid ?? null, null));
  }
}
