import type { Draft } from '../draft';
import type { Observation } from '../event';
import { onCrash } from '../exits';
import { OPERATOR_ACTING_MS, type DownPhase } from '../phase';
import { acceptShellStop, beginStop } from '../stop';
import { adopt, isSameDaemon, isSameProcess, relaunchLost, toRun, type LiveEntry } from './entries';

/**
 * Age from which a phase can trust a snapshot of an ordered exit. Until then, a restart may show as `stopped` and `pm2
 * kill` as a deletion.
 */
const SETTLED_MS = 1_000;

export function reconcileDown(
  draft: Draft,
  phase: DownPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  const [entry] = live;
  if (entry !== undefined) {
    if (draft.desired === 'running') {
      adopt(draft, live, observation);
      draft.answer('up', { kind: 'done' });
    } else beginStop(draft, toRun(draft, entry, observation.daemon), { kind: 'stopped' });
    return;
  }
  if (observation.listed.length === 0) return reconcileAbsent(draft, phase, observation);
  reconcileDead(draft, noteListed(draft, phase, observation), observation);
}

/** Keeps which daemon lists the agent, if no run of the agent tells it. */
function noteListed(draft: Draft, phase: DownPhase, { daemon }: Observation): DownPhase {
  if (draft.state.lastRun !== null || isSameProcess(phase.listedUnder ?? null, daemon)) return phase;
  const noted = { ...phase, listedUnder: daemon };
  draft.enter(noted);
  return noted;
}

/** Handles an agent whose entry is listed without a process. */
function reconcileDead(draft: Draft, phase: DownPhase, observation: Observation): void {
  if (phase.why === 'daemon-ended') {
    // `pm2 update` brought it back, and it has exited since.
    const last = draft.state.lastRun;
    const cameBack = last !== null && observation.listed.some(({ runId }) => runId === last.runId);
    if (cameBack && draft.desired === 'running' && !isSameDaemon(last, observation))
      onCrash(draft, last, { exitCode: null, signal: null });
    return;
  }
  if (phase.why !== 'operator-acting') return;
  if (isSettled(phase, observation)) acceptShellStop(draft, 'stop');
  else lookAgainSoon(draft, phase);
}

/** Handles an agent without an entry: the operator deleted it, or its daemon was lost. */
function reconcileAbsent(draft: Draft, phase: DownPhase, observation: Observation): void {
  if (phase.why === 'daemon-ended') return;
  const last = draft.state.lastRun;
  const isOperatorActing = phase.why === 'operator-acting';
  const listedUnder = last?.daemon ?? phase.listedUnder ?? null;
  if (listedUnder !== null && !isSameProcess(listedUnder, observation.daemon)) {
    if (phase.isDeleted === true) acceptShellStop(draft, 'delete');
    else if (isOperatorActing && last !== null) relaunchLost(draft, last, "PM2's daemon exited");
  } else if (isOperatorActing && !isSettled(phase, observation)) {
    // `pm2 kill` and `pm2 update` delete every entry before they announce it.
    lookAgainSoon(draft, { ...phase, isDeleted: true });
  } else if (isOperatorActing || (listedUnder !== null && phase.launch?.mustBeListed !== false)) {
    acceptShellStop(draft, 'delete');
  }
}

function isSettled(phase: DownPhase, observation: Observation): boolean {
  return observation.beganAt >= phase.since + SETTLED_MS;
}

function lookAgainSoon(draft: Draft, phase: DownPhase): void {
  draft.enter({ ...phase, until: Math.min(phase.until ?? Infinity, draft.now + OPERATOR_ACTING_MS / 2) });
}
