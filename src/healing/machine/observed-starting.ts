import { adopt } from './adoption';
import type { Observation } from './event';
import { beginLaunch } from './launching';
import { isSameProcess, type LiveEntry } from './listing';
import { exitedUnanswered, LOOK_AGAIN_MS } from './outcomes';
import type { StartingPhase } from './state';
import { stoppedInShell } from './stopped-in-shell';
import type { Turn } from './turn';

/** Lists without the process that must agree, a second apart, before a launch that was not answered counts as undone. */
export const ABSENCES_NEEDED = 2;

const GHOSTS_KEPT = 8;

export function observedStarting(
  turn: Turn,
  phase: StartingPhase,
  live: readonly LiveEntry[],
  observation: Observation,
): void {
  if (live.length > 0) {
    const launch = phase.launch;
    const mine = live.filter((entry) => entry.runId === launch.runId);
    adopt(turn, mine.length > 0 ? mine : live, observation);
    turn.answer('up', { kind: 'done' });
    return;
  }
  const mine = observation.listed.find((entry) => entry.runId === phase.launch.runId);
  if (mine?.state === 'stopped' || mine?.state === 'errored') {
    // It did come to life, and has ended since.
    return exitedUnanswered(turn, phase, { exitCode: null, signal: null, ordered: mine.wasEndOrdered });
  }
  const isListed = observation.listed.length > 0;
  if (!isListed && isSameProcess(phase.listedUnder, observation.daemon)) return stoppedInShell(turn, 'pm2 delete');
  const absences = phase.absences + 1;
  if (absences < ABSENCES_NEEDED) {
    const listedUnder = isListed ? observation.daemon : phase.listedUnder;
    turn.enter({ ...phase, since: observation.beganAt, absences, listedUnder, lookAt: turn.now + LOOK_AGAIN_MS });
    return;
  }
  giveUp(turn, phase.launch.runId);
  turn.answer('up', {
    kind: 'refused',
    code: 'process-manager-unavailable',
    detail: 'PM2 did not answer the launch, and lists show that it did not happen. It is tried again.',
  });
  beginLaunch(turn, { ...phase.launch, fallback: null });
}

export function giveUp(turn: Turn, runId: string): void {
  turn.update({ ghosts: [...turn.state.ghosts, runId].slice(-GHOSTS_KEPT) });
}
