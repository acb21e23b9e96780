import type { MachineEvent } from './event';
import type { ExitFacts, Run, StartingPhase } from './state';
import type { Situation } from './turn';

/** A run of which an event says that it ended by itself. */
export interface EndToDiagnose {
  readonly runId: string;
  /** null: its launch was never answered. */
  readonly run: Run | null;
  readonly exit: ExitFacts;
}

const NOTHING_KNOWN: ExitFacts = { exitCode: null, signal: null };

/** What should be looked into before the event is decided on; null: nothing, for no run ended by itself. */
export function endToDiagnose({ state, desired }: Situation, event: MachineEvent): EndToDiagnose | null {
  if (desired === 'stopped') return null;
  const phase = state.phase;
  switch (phase.kind) {
    case 'starting':
      return endWhileStarting(phase, event);
    case 'verifying':
    case 'running':
      return endOf(phase.run, event);
    case 'stopped':
    case 'stopping':
    case 'down':
      return null;
  }
}

function endWhileStarting(phase: StartingPhase, event: MachineEvent): EndToDiagnose | null {
  const { runId } = phase.launch;
  const early = phase.exit;
  if (event.type === 'launch-succeeded' && event.run.runId === runId && early?.ordered === false)
    return { runId, run: event.run, exit: early };
  if (event.type === 'launch-unknown' && event.runId === runId && early?.ordered === false)
    return { runId, run: null, exit: early };
  if (phase.outcome !== 'unknown') return null;
  if (event.type === 'exited' && event.runId === runId && !event.ordered) return { runId, run: null, exit: event.exit };
  const isListedDead = event.type === 'observed' && isEndListed(event, runId);
  return isListedDead ? { runId, run: null, exit: NOTHING_KNOWN } : null;
}

function endOf(run: Run, event: MachineEvent): EndToDiagnose | null {
  const { runId } = run;
  if (event.type === 'exited')
    return event.runId === runId && event.upSince === run.upSince && !event.ordered
      ? { runId, run, exit: event.exit }
      : null;
  if (event.type !== 'observed' || event.observation.beganAt <= run.launchedAt) return null;
  return isEndListed(event, runId) ? { runId, run, exit: NOTHING_KNOWN } : null;
}

/** Its entry is listed without a process, and nobody ordered that; and nothing of the agent lives. */
function isEndListed(event: Extract<MachineEvent, { type: 'observed' }>, runId: string): boolean {
  const { listed, scanned } = event.observation;
  if (!scanned) return false; // whether its end was ordered is not known
  if (listed.some(({ process }) => process !== null)) return false;
  return listed.some(
    (entry) =>
      entry.runId === runId && !entry.wasEndOrdered && (entry.state === 'stopped' || entry.state === 'errored'),
  );
}
