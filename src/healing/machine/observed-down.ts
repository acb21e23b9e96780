import { adopt } from './adoption';
import type { Observation } from './event';
import { crashed } from './failing';
import { beginLaunch, beginStop, healingLaunch } from './launching';
import { isSameDaemon, toRun, type LiveEntry } from './listing';
import { OPERATOR_ACTING_MS } from './outcomes';
import type { DownPhase, Run } from './state';
import { stoppedInShell } from './stopped-in-shell';
import type { Turn } from './turn';

/**
 * An ordered exit shows as `stopped` for a moment in a restart too, and as deleted in `pm2 kill`: a list that began this
 * much later can be trusted.
 */
const SETTLED_MS = 1_000;

export function observedDown(turn: Turn, phase: DownPhase, live: readonly LiveEntry[], observation: Observation): void {
  const [entry] = live;
  if (entry !== undefined) {
    if (turn.desired === 'running') {
      adopt(turn, live, observation);
      turn.answer('up', { kind: 'done' });
    } else beginStop(turn, toRun(turn, entry, observation.daemon), { kind: 'stopped' });
    return;
  }
  const last = turn.state.lastRun;
  if (observation.listed.length === 0) return observedAbsent(turn, phase, observation);
  if (phase.why === 'daemon-ended') {
    // `pm2 update` had brought it back, and it has ended since.
    const cameBack = last !== null && observation.listed.some(({ runId }) => runId === last.runId);
    if (cameBack && turn.desired === 'running' && !isSameDaemon(last, observation))
      crashed(turn, last, { exitCode: null, signal: null });
    return;
  }
  if (phase.why !== 'operator-acting') return;
  if (isSettled(phase, observation)) stoppedInShell(turn, 'pm2 stop');
  else lookAgainSoon(turn, phase);
}

function isSettled(phase: DownPhase, observation: Observation): boolean {
  return observation.beganAt >= phase.since + SETTLED_MS;
}

function lookAgainSoon(turn: Turn, phase: DownPhase): void {
  turn.enter({ ...phase, until: Math.min(phase.until ?? Infinity, turn.now + OPERATOR_ACTING_MS / 2) });
}

/** No entry of it is listed: deleted by a person, or lost with its daemon. */
function observedAbsent(turn: Turn, phase: DownPhase, observation: Observation): void {
  if (phase.why === 'daemon-ended') return;
  const last = turn.state.lastRun;
  const acting = phase.why === 'operator-acting';
  if (last !== null && !isSameDaemon(last, observation)) {
    if (phase.isDeleted === true) stoppedInShell(turn, 'pm2 delete');
    else if (acting) bringBack(turn, last, "PM2's daemon was lost");
  } else if (acting && !isSettled(phase, observation)) {
    // `pm2 kill` and `pm2 update` delete everything before they say so.
    lookAgainSoon(turn, { ...phase, isDeleted: true });
  } else if (acting || (last !== null && phase.launch?.mustBeListed !== false)) stoppedInShell(turn, 'pm2 delete');
}

/** Lost through no fault of its own: started again, and no failure counted. */
export function bringBack(turn: Turn, run: Run, reason: string): void {
  turn.update({ lastRun: null });
  beginLaunch(turn, healingLaunch(reason, run.process.pid, null));
}
