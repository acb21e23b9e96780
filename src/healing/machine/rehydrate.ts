import type { DesiredState } from '../../kernel';
import type { ProcessIdentity } from '../../processes';
import { LONGEST_PAUSE_MS } from './commands/healing';
import type { AfterStop, DownPhase, Phase, Run, StoppingPhase } from './phase';
import { newAgentState, NOT_CHECKED, type AgentState } from './state';

/**
 * Returns a saved state made usable after a start of the supervisor. It trusts nothing that was in progress; snapshots
 * decide. Saved due times may be far off if the wall clock was set, so they are clamped to [now, now + the longest
 * delay].
 *
 * @param offsetMs wall clock minus `Clock.now()` at the save; converts saved times to the clock of this process
 */
export function rehydrateState(saved: AgentState, now: number, longestDelayMs: number, offsetMs = 0): AgentState {
  const startAskedAt = Math.min(saved.startAskedAt + offsetMs, now);
  const stopAskedAt = Math.min(saved.stopAskedAt + offsetMs, now);
  // A state that an older version saved lacks members.
  const known: AgentState = { ...newAgentState(now), ...saved };
  const { pausedUntil: until, external: facts } = known;
  const pausedUntil = until === null ? null : Math.min(until + offsetMs, now + LONGEST_PAUSE_MS);
  const base: TimeBase = { now: now - 1, longestDelayMs, offsetMs };
  const phase = rehydratePhase(known.phase, base);
  const lastRun = known.lastRun === null ? null : rehydrateRun(known.lastRun, base);
  const external = facts === null ? null : { ...facts, goodSince: null };
  return { ...known, startAskedAt, stopAskedAt, pausedUntil, phase, lastRun, external };
}

/** Present time, and how to convert saved times to it. */
interface TimeBase {
  readonly now: number;
  readonly longestDelayMs: number;
  readonly offsetMs: number;
}

/** Keeps the launch before the present, so that the next snapshot is newer than it. */
function rehydrateRun(run: Run, { now, offsetMs }: TimeBase): Run {
  return { ...run, launchedAt: Math.min(run.launchedAt + offsetMs, now) };
}

function rehydratePhase(phase: Phase, base: TimeBase): Phase {
  const { now } = base;
  switch (phase.kind) {
    case 'starting':
      // No caller waits any more, so there is nothing to fall back to. The requested launch stands.
      return {
        ...phase,
        since: now,
        launch: { ...phase.launch, fallback: null },
        outcome: 'unknown',
        absences: 0,
        lookAt: now,
      };
    case 'stopping':
      return rehydrateStopping(phase, base);
    case 'down':
      return rehydrateDown(phase, base);
    case 'verifying':
    case 'running':
      return { ...phase, since: now, run: rehydrateRun(phase.run, base), checked: NOT_CHECKED };
    case 'stopped':
      return { ...phase, since: now };
  }
}

function rehydrateDown(phase: DownPhase, { now, longestDelayMs, offsetMs }: TimeBase): DownPhase {
  const due = phase.until === null ? null : phase.until + offsetMs;
  const until = due === null ? null : Math.min(Math.max(due, now), now + longestDelayMs);
  const launch = phase.launch === null ? null : { ...phase.launch, fallback: null };
  return { ...phase, since: now, until, launch };
}

function rehydrateStopping(phase: StoppingPhase, base: TimeBase): StoppingPhase {
  const { now } = base;
  return {
    ...phase,
    since: now,
    run: phase.run === null ? null : rehydrateRun(phase.run, base),
    awaited: phase.run === null ? 'unknown' : null,
    absences: 0,
    then: rehydrateAfterStop(phase.then, base),
    againAt: now,
  };
}

function rehydrateAfterStop(then: AfterStop, { now, longestDelayMs, offsetMs }: TimeBase): AfterStop {
  switch (then.kind) {
    case 'start':
      return {
        ...then,
        launch: { ...then.launch, fallback: null },
        delayMs: Math.min(then.delayMs, longestDelayMs),
      };
    case 'stopped':
      if (then.updateUntil === undefined) return then;
      return { ...then, updateUntil: Math.min(then.updateUntil + offsetMs, now + longestDelayMs) };
    case 'halted':
    case 'unregistered':
      return then;
  }
}

/**
 * Adapts a saved state to a reboot of the machine. Every recorded process and daemon is dead, even if its pid is in use
 * again. Exits during the shutdown were neither failures nor operator commands, so what should run is launched again. A
 * process that PM2 resurrects from its dump at boot is not an operator's start, so a stopped agent stays stopped.
 */
export function adaptToReboot(saved: AgentState, desired: DesiredState): AgentState {
  // `rehydrateState` clamps this to the present: what started before the first snapshot counts as older than the stop.
  const stopAskedAt = desired === 'stopped' ? Infinity : saved.stopAskedAt;
  return { ...changeRuns(saved, desired, markDead), stopAskedAt };
}

/**
 * Adapts a saved state that was restored from a backup, while the machine went on. Live processes stay as they are, and
 * a start or stop that PM2 shows is newer than the backup, so it counts. A missing entry is not the operator's
 * deletion: the agent is launched again.
 */
export function adaptToRestore(saved: AgentState, desired: DesiredState): AgentState {
  return changeRuns(saved, desired, (run) => ({ ...run, daemon: deadIdentity(run.daemon) }));
}

/** Applies `change` to each run, and ends waiting for a shell command of that time. */
function changeRuns(saved: AgentState, desired: DesiredState, change: (run: Run) => Run): AgentState {
  const lastRun = saved.lastRun === null ? null : change(saved.lastRun);
  return { ...saved, lastRun, phase: changeRunOfPhase(saved.phase, desired, change) };
}

function changeRunOfPhase(phase: Phase, desired: DesiredState, change: (run: Run) => Run): Phase {
  switch (phase.kind) {
    case 'stopped':
      return phase;
    case 'starting':
      return { ...phase, listedUnder: null };
    case 'verifying':
    case 'running':
      return { ...phase, run: change(phase.run) };
    case 'stopping':
      return phase.run === null ? phase : { ...phase, run: change(phase.run) };
    case 'down':
      // A shutdown of the machine terminates PM2's daemon as `pm2 kill` does.
      if (phase.why !== 'operator-acting' && phase.why !== 'daemon-ended') return phase;
      if (desired === 'stopped') return { kind: 'stopped', since: phase.since };
      return { ...phase, why: 'waiting', until: phase.since, launch: null };
  }
}

function markDead(run: Run): Run {
  return { ...run, process: deadIdentity(run.process), daemon: deadIdentity(run.daemon) };
}

/** Returns an identity that equals no live process. */
function deadIdentity(process: ProcessIdentity): ProcessIdentity {
  return { pid: process.pid, startTime: null };
}
