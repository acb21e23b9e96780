import { SHELL_COMMANDS } from '../../../processes';
import type { Draft } from '../draft';
import type { EventOf } from '../event';
import type { AfterStop, DownPhase } from '../phase';
import { runOf } from '../state';
import { beginStop, killLeftovers, killOf, stopAfterLaunch } from '../stop';

export function onStopAsked(draft: Draft, event: EventOf<'stop-asked'>): void {
  stop(draft, { by: event.by, at: draft.now, isInShell: false }, event.hasFreshSnapshot);
}

/** Handles `pm2 stop` like any other stop; only the recorded event differs. */
export function onOperatorStopped(draft: Draft, { upSince, at }: EventOf<'operator-stopped'>): void {
  if (draft.desired === 'stopped') return;
  const { phase, state } = draft;
  // A late report of a stop that preceded the operator's latest start.
  if (at < state.startAskedAt && upSince !== runOf(phase)?.upSince) return;
  draft.record('operator.stopped', { how: SHELL_COMMANDS.stop });
  // The exit was already reported. A process that appears from now on was started after the stop and is not part of it.
  if (phase.kind === 'down' && phase.why === 'operator-acting') draft.enter({ ...phase, why: 'waiting' });
  stop(draft, { by: `an operator with ${SHELL_COMMANDS.stop}`, at, isInShell: true }, true);
}

interface Stop {
  readonly by: string;
  readonly at: number;
  /**
   * True for `pm2 stop`. With no live run, nothing is then killed by the agent's marker, because the operator's next
   * start in the shell carries the marker too.
   */
  readonly isInShell: boolean;
}

/** Stops the agent in any phase, whatever is in progress. It stays stopped until the operator starts it. */
function stop(draft: Draft, { by, at, isInShell }: Stop, hasFreshSnapshot: boolean): void {
  const phase = draft.phase;
  supersede(draft, by, at);
  switch (phase.kind) {
    case 'stopped':
      if (hasFreshSnapshot && (phase.isProven === true || isInShell)) draft.answer('down', { kind: 'done' });
      else killLeftovers(draft, { kind: 'stopped' });
      return;
    case 'verifying':
    case 'running':
      beginStop(draft, phase.run, { kind: 'stopped' });
      return;
    case 'stopping':
      // An unregistration stops the agent too. Its caller is answered only once the agent has left the registry.
      if (phase.then.kind === 'unregistered') return;
      // An idle stop becomes the operator's. One that waits for `pm2 update` stays.
      if (phase.then.kind !== 'stopped' || phase.then.by !== undefined)
        draft.enter({ ...phase, then: { kind: 'stopped' } });
      // A restart kills only the run itself. A stop kills the whole agent.
      if (phase.then.kind === 'start' && phase.run !== null) draft.effect(killOf(phase.run, { kind: 'stopped' }));
      return;
    case 'starting':
      stopAfterLaunch(draft, phase.launch.runId, phase.outcome, { kind: 'stopped' });
      return;
    case 'down':
      stopDown(draft, phase, isInShell);
      return;
  }
}

function stopDown(draft: Draft, phase: DownPhase, isInShell: boolean): void {
  const last = draft.state.lastRun;
  // The operator is acting in a shell, so a process may appear at any moment. Snapshots must prove that none does.
  if (phase.why === 'operator-acting' && last !== null)
    return stopAfterLaunch(draft, last.runId, 'unknown', { kind: 'stopped' });
  // `pm2 update` may bring the process back. Until its time is over, the phase stays and kills what appears.
  if (!isInShell) return killLeftovers(draft, afterStopWhileDown(phase));
  draft.record('agent.terminated', { pid: null });
  if (phase.why !== 'daemon-ended') draft.enter({ kind: 'stopped', since: draft.now });
  draft.answer('down', { kind: 'done' });
}

/**
 * Returns the next step after a stop. It keeps the time until which `pm2 update` may bring the process back, to kill it
 * then.
 */
function afterStopWhileDown({ why, until }: DownPhase): AfterStop {
  return why === 'daemon-ended' && until !== null ? { kind: 'stopped', updateUntil: until } : { kind: 'stopped' };
}

/** Supersedes everything in progress: pending starts, a trial, the incident. */
export function supersede(draft: Draft, by: string, at: number): void {
  draft.desire('stopped');
  draft.answer('up', {
    kind: 'refused',
    code: 'operation-in-progress',
    detail: `A stop by ${by} superseded this command. Start the agent again if it should run.`,
  });
  draft.breakOffTrial();
  draft.endIncident('closed');
  draft.update({ stopAskedAt: at });
}
