import type { DesiredState } from '../../kernel';
import type { ProcessIdentity } from '../../runtime';
import type { AgentState, Phase, Run } from './state';

/**
 * A saved state after the machine has started anew: every process that it speaks of is dead, whoever has got its pid, and
 * so is the daemon. That is nobody's failure, and no order of a person: what the machine's own stop ended, while we saw
 * it, is to run again like everything else. And what PM2's own start at boot brings back from its dump is no start of a
 * person's: what was stopped before stays stopped.
 */
export function afterReboot(saved: AgentState, desired: DesiredState): AgentState {
  // Clamped to the present when it is revived: whatever was started before our first look, was before the stop.
  const stopAskedAt = desired === 'stopped' ? Infinity : saved.stopAskedAt;
  return { ...withRuns(saved, desired, deadRun), stopAskedAt };
}

/**
 * A saved state that a backup brought back, on a machine that went on meanwhile: what lives is what it was, and a person's
 * start or stop that PM2 shows is later than the backup, hence holds. But an entry that is missing was not deleted by a
 * person under the eyes of this state: what was registered anew by the restore is brought back.
 */
export function afterRestore(saved: AgentState, desired: DesiredState): AgentState {
  return withRuns(saved, desired, (run) => ({ ...run, daemon: dead(run.daemon) }));
}

/** Nobody waits any more for what a person was doing in a shell then. */
function withRuns(saved: AgentState, desired: DesiredState, changed: (run: Run) => Run): AgentState {
  const lastRun = saved.lastRun === null ? null : changed(saved.lastRun);
  return { ...saved, lastRun, phase: phaseWithRun(saved.phase, desired, changed) };
}

function phaseWithRun(phase: Phase, desired: DesiredState, changed: (run: Run) => Run): Phase {
  switch (phase.kind) {
    case 'stopped':
      return phase;
    case 'starting':
      return { ...phase, listedUnder: null };
    case 'verifying':
    case 'running':
      return { ...phase, run: changed(phase.run) };
    case 'stopping':
      return phase.run === null ? phase : { ...phase, run: changed(phase.run) };
    case 'down':
      // The machine's stop ends PM2's daemon by an order, as `pm2 kill` does.
      if (phase.why !== 'operator-acting' && phase.why !== 'daemon-ended') return phase;
      if (desired === 'stopped') return { kind: 'stopped', since: phase.since };
      return { ...phase, why: 'waiting', until: phase.since, launch: null };
  }
}

function deadRun(run: Run): Run {
  return { ...run, process: dead(run.process), daemon: dead(run.daemon) };
}

/** Equal to no process that is ever seen. */
function dead(process: ProcessIdentity): ProcessIdentity {
  return { pid: process.pid, startTime: null };
}
