import { neverBecameHealthy } from './checked';
import { phaseDeadlineOf } from './deadline';
import { beginLaunch, healingLaunch, killOf } from './launching';
import { endDuePause } from './pause';
import { becomeStable } from './stable';
import { LOOK_AGAIN_MS, OPERATOR_ACTING_MS } from './outcomes';
import { stoppedInShell } from './stopped-in-shell';
import { NOT_CHECKED, type DownPhase, type StoppingPhase, type VerifyingPhase } from './state';
import type { Turn } from './turn';

/** Time within which a new daemon with the same list means `pm2 update`, not `pm2 kill`. */
export const DAEMON_UPDATE_MS = 30_000;

/** What came due while nothing ran is spread over this long. */
const SPREAD_MS = 5_000;

/** After a time in which nothing ran: nothing from before it counts as waited for, or as having been well. */
export function resumed(turn: Turn): void {
  const phase = turn.phase;
  const now = turn.now;
  if (phase.kind === 'verifying' || (phase.kind === 'running' && !phase.stable))
    turn.enter({ ...phase, since: now, checked: NOT_CHECKED });
  else if (phase.kind !== 'down') return;
  else if (phase.why === 'daemon-ended') turn.enter({ ...phase, until: now + DAEMON_UPDATE_MS });
  else if (phase.why === 'operator-acting') turn.enter({ ...phase, until: now + OPERATOR_ACTING_MS });
  else if (phase.until !== null && phase.until < now)
    turn.enter({ ...phase, until: now + Math.round(turn.context.random() * SPREAD_MS) });
}

/** The deadline of the present phase may have come. */
export function timer(turn: Turn): void {
  endDuePause(turn);
  const deadline = phaseDeadlineOf(turn.result(), turn.policy);
  if (deadline === null || turn.now < deadline) return;
  const phase = turn.phase;
  switch (phase.kind) {
    case 'stopped':
      return;
    case 'starting':
      turn.enter({ ...phase, lookAt: turn.now + LOOK_AGAIN_MS });
      turn.effect({ type: 'observe', scan: true });
      return;
    case 'verifying':
      return verified(turn, phase);
    case 'running':
      return becomeStable(turn);
    case 'stopping':
      return stillStopping(turn, phase);
    case 'down':
      return due(turn, phase);
  }
}

function verified(turn: Turn, phase: VerifyingPhase): void {
  if (turn.policy.isChecked && phase.checked.kind === 'awaited') return neverBecameHealthy(turn, phase);
  turn.enter({ kind: 'running', since: turn.now, run: phase.run, stable: false, checked: NOT_CHECKED });
  if (turn.state.incident !== null || phase.launch?.trial === true) {
    turn.record('recovery.verified', { pid: phase.run.process.pid, runId: phase.run.runId });
  }
}

function stillStopping(turn: Turn, phase: StoppingPhase): void {
  turn.enter({ ...phase, againAt: turn.now + LOOK_AGAIN_MS });
  if (phase.awaited !== null) turn.effect({ type: 'observe', scan: true });
  else turn.effect(killOf(phase.run ?? { runId: phase.runId, process: null }, phase.then));
}

function due(turn: Turn, phase: DownPhase): void {
  const pidBefore = turn.state.lastRun?.process.pid ?? null;
  switch (phase.why) {
    case 'backing-off':
    case 'restart-delay':
    case 'waiting':
      beginLaunch(turn, phase.launch ?? healingLaunch('should run and does not', pidBefore, null));
      return;
    case 'halted':
      beginLaunch(turn, healingLaunch('trial after the cool-down', pidBefore, nextAttempt(turn)));
      return;
    case 'operator-acting':
      turn.enter({ ...phase, until: turn.now + OPERATOR_ACTING_MS });
      turn.effect({ type: 'observe', scan: false });
      return;
    case 'daemon-ended':
      return stoppedInShell(turn, 'pm2 kill');
  }
}

function nextAttempt(turn: Turn): number {
  return (turn.state.incident?.attempt ?? 0) + 1;
}
