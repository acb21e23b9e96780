import { diagnosisOf, type Diagnosis } from '../../kernel';
import type { ListedProcess, ProcessIdentity } from '../../processes';
import type { MachineState } from './draft';
import type { EventOf, LaunchRefusal, MachineEvent } from './event';
import type { ExitFacts, LaunchFacts, Run, StartingPhase } from './phase';
import { runOf, type AgentState } from './state';

/** Exit that was not ordered, as an event reports it. */
export interface ExitToDiagnose {
  readonly runId: string;
  readonly exit: ExitFacts;
  /** Start of its part of the logs; null: unknown, so that its logs are not read. */
  readonly log: LaunchFacts['log'];
  /** Program that ran; null: unknown. */
  readonly program: LaunchFacts['program'];
}

const NOTHING_KNOWN: ExitFacts = { exitCode: null, signal: null };

/** Returns the exit to diagnose before the event is decided on; null: no run exited by itself. */
export function findExitToDiagnose({ state, desired }: MachineState, event: MachineEvent): ExitToDiagnose | null {
  if (desired === 'stopped') return null;
  const phase = state.phase;
  switch (phase.kind) {
    case 'starting':
      return findExitWhileStarting(phase, event, state);
    case 'verifying':
    case 'running':
      return findExitOf(phase.run, event);
    case 'stopped':
    case 'stopping':
    case 'down':
      return null;
  }
}

function findExitWhileStarting(
  phase: StartingPhase,
  event: MachineEvent,
  { unanswered }: AgentState,
): ExitToDiagnose | null {
  const { runId } = phase.launch;
  const facts = unanswered?.runId === runId ? unanswered : null;
  const early = phase.exit;
  if (event.type === 'launch-succeeded' && event.run.runId === runId && early?.ordered === false)
    return exitOf(runId, early, event.run);
  if (event.type === 'launch-unknown' && event.runId === runId && early?.ordered === false)
    return exitOf(runId, early, event.facts);
  if (phase.outcome !== 'unknown') return null;
  if (event.type === 'exited' && event.runId === runId && !event.ordered) return exitOf(runId, event.exit, facts);
  const isListedDead = event.type === 'observed' && findDeadEntry(event, runId) !== undefined;
  return isListedDead ? exitOf(runId, NOTHING_KNOWN, facts) : null;
}

function findExitOf(run: Run, event: MachineEvent): ExitToDiagnose | null {
  const { runId } = run;
  if (event.type === 'exited')
    return event.runId === runId && event.upSince === run.upSince && !event.ordered
      ? exitOf(runId, event.exit, run)
      : null;
  if (event.type !== 'observed' || event.observation.beganAt <= run.launchedAt) return null;
  const entry = findDeadEntry(event, runId);
  if (entry === undefined) return null;
  // A process of a later restart in a shell exited unseen. Where its part of the logs begins is unknown.
  return exitOf(runId, NOTHING_KNOWN, entry.upSince > run.upSince ? { ...run, log: null } : run);
}

function exitOf(runId: string, exit: ExitFacts, facts: LaunchFacts | null): ExitToDiagnose {
  return { runId, exit, log: facts?.log ?? null, program: facts?.program ?? null };
}

/** Returns the run's entry if it is dead without an order, and no process of the agent is listed. */
function findDeadEntry(event: EventOf<'observed'>, runId: string): ListedProcess | undefined {
  const { listed, scanned } = event.observation;
  if (!scanned) return undefined; // only a scan reads if the exit was ordered
  if (listed.some(({ process }) => process !== null)) return undefined;
  return listed.find(
    (entry) =>
      entry.runId === runId && !entry.wasEndOrdered && (entry.state === 'stopped' || entry.state === 'errored'),
  );
}

/**
 * Returns true if the event may lead to the adoption of a process whose part of the logs is unknown. It begins where
 * the logs end before the decision, so that no earlier process's words are taken for its own. What it printed before
 * that is lost.
 */
export function mayAdopt({ state }: MachineState, event: MachineEvent): boolean {
  if (event.type !== 'observed' && event.type !== 'launch-blocked') return false;
  const { observation } = event;
  if (event.type === 'observed' && observation.beganAt <= state.phase.since) return false;
  const run = runOf(state.phase);
  const isKnown = ({ pid, startTime }: ProcessIdentity) =>
    run?.process.pid === pid && run.process.startTime === startTime && (run.log !== null || !observation.boot);
  return observation.listed.some(({ process }) => process !== null && !isKnown(process));
}

/** Returns the diagnosis of an exit by its code and signal alone. The signal is the one that PM2's log names. */
export function diagnoseExitFacts({ exitCode, signal }: ExitFacts): Diagnosis {
  const facts = { exitCode: signal === null ? exitCode : null, signal };
  if (signal !== null) return diagnosisOf('killed-by-signal', `killed by ${signal}`, facts);
  if (exitCode === 0) return diagnosisOf('clean-exit', 'exited with code 0', facts);
  if (exitCode === null)
    return diagnosisOf('unknown', 'exited while the supervisor was down; exit code unknown', facts);
  return diagnosisOf('unknown', `exited with code ${exitCode}`, facts);
}

/** Returns the diagnosis of a failed launch for which the agent is at fault. */
export function diagnoseLaunch(refusal: LaunchRefusal | null, evidence: string): Diagnosis {
  const source = refusal === 'over-budget' ? 'heartbeat' : 'launch';
  const facts = { evidence: [{ source, detail: evidence }] } as const;
  return refusal === null
    ? diagnosisOf('unknown', `could not be launched: ${evidence}`, facts)
    : diagnosisOf(refusal, evidence, facts);
}
