import type { Draft } from '../draft';
import type { EventOf, MachineEvent } from '../event';
import { planRequestedLaunch } from '../launch';
import type { AfterStop, Phase } from '../phase';
import { beginStop, killLeftovers, killOf, stopAfterLaunch } from '../stop';
import { supersede } from './stop';

/**
 * Registers the agent. An external agent is desired running at once, so that it is watched from then on. The launch of
 * an agent with autostart is due at once.
 */
export function onRegisterAsked(draft: Draft, { name, entryPoint, autostart }: EventOf<'register-asked'>): void {
  if (draft.phase.kind === 'stopped') {
    draft.desire(entryPoint === null || autostart ? 'running' : 'stopped');
    if (autostart) planAutostart(draft);
  }
  draft.effect({ type: 'record', event: 'agent.registered', data: { name, entryPoint } });
  draft.answer('decided', { kind: 'done' });
}

/** Only plans the launch, so that it is saved with the definition and also survives a wait for the first snapshot. */
function planAutostart(draft: Draft): void {
  const launch = planRequestedLaunch('autostart', 'autostart', null);
  draft.update({ startAskedAt: draft.now });
  draft.enter({ kind: 'down', since: draft.now, why: 'waiting', until: draft.now, launch });
}

/** Records a change of the definition. A running process keeps its launch members until the next launch. */
export function onUpdateAsked(draft: Draft, { members, changesLaunch, capabilities }: EventOf<'update-asked'>): void {
  if (changesLaunch) draft.update({ revision: draft.state.revision + 1 });
  draft.effect({ type: 'record', event: 'agent.updated', data: { members } });
  if (capabilities !== null) draft.effect({ type: 'record', event: 'capability.changed', data: { ...capabilities } });
  draft.answer('decided', { kind: 'done' });
}

/** Kills every process of the agent. The agent leaves the registry only when none is left. */
export function onUnregisterAsked(draft: Draft): void {
  const then: AfterStop = { kind: 'unregistered' };
  const { phase } = draft;
  supersede(draft, 'an unregistration', draft.now);
  switch (phase.kind) {
    case 'stopped':
    case 'down':
      if (phase.kind === 'down' && phase.why === 'operator-acting' && draft.state.lastRun !== null)
        return stopAfterLaunch(draft, draft.state.lastRun.runId, 'unknown', then);
      return killLeftovers(draft, then);
    case 'starting':
      return stopAfterLaunch(draft, phase.launch.runId, phase.outcome, then);
    case 'verifying':
    case 'running':
      return beginStop(draft, phase.run, then);
    case 'stopping':
      draft.enter({ ...phase, then });
      if (phase.then.kind === 'start' && phase.run !== null) draft.effect(killOf(phase.run, then));
      return;
  }
}

/** Commands that are refused while the agent is being unregistered. A stop is not. */
const REFUSED_WHILE_UNREGISTERING: ReadonlySet<MachineEvent['type']> = new Set([
  ...(['start-asked', 'restart-asked', 'recovery-asked', 'reset-asked', 'register-asked'] as const),
  ...(['update-asked', 'circuit-asked', 'pause-asked', 'resume-asked', 'escalate-asked'] as const),
]);

/** Returns true if the event is a command that an unregistration in progress refuses. */
export function isRefusedByUnregistration(phase: Phase, event: MachineEvent): boolean {
  const isUnregistering = phase.kind === 'stopping' && phase.then.kind === 'unregistered';
  return isUnregistering && REFUSED_WHILE_UNREGISTERING.has(event.type);
}

export function refuseWhileUnregistering(draft: Draft): void {
  const detail = 'The agent is being unregistered. Register it again afterwards.';
  draft.answer('up', { kind: 'refused', code: 'operation-in-progress', detail });
  draft.answer('decided', { kind: 'refused', code: 'operation-in-progress', detail });
}
