import type { Effect, Phase } from '../../src/healing/machine';

/** Returns a phase in words: its kind, with the detail that distinguishes it from others of that kind. */
export function labelOf(phase: Phase): string {
  switch (phase.kind) {
    case 'starting':
      return phase.outcome === 'pending' ? 'starting' : 'starting, unknown';
    case 'running':
      return phase.stable ? 'running, stable' : 'running';
    case 'stopping':
      return `stopping, then ${phase.then.kind}`;
    case 'down':
      return `down, ${phase.why}`;
    case 'stopped':
    case 'verifying':
      return phase.kind;
  }
}

/** Returns an effect on processes or on the list in words. */
export function actOf(effect: Effect): string[] {
  switch (effect.type) {
    case 'launch':
      return ['launch'];
    case 'kill':
      return [`kill ${effect.scope} ${effect.process?.pid ?? '?'}`];
    case 'end-process':
      return [`end ${effect.why} ${effect.process.pid}`];
    case 'sweep':
      return [`sweep ${effect.runId}`];
    case 'forget':
      return [`forget ${effect.entry.entryId}`];
    case 'observe':
      return [effect.scan ? 'scan' : 'list'];
    case 'unregister':
      return ['unregister'];
    case 'reset-tokens':
    case 'notify':
    case 'record':
    case 'record-restart':
    case 'answer':
      return [];
  }
}
