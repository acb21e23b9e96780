import type { AgentStatus } from '../../kernel';
import type { Situation } from './turn';

/** What a reader is told; `unhealthy` is added by health, `unknown` is for external agents. */
export function statusOf(situation: Situation): AgentStatus {
  const { state, desired } = situation;
  const phase = state.phase;
  if (desired === 'stopped') return 'stopped';
  switch (phase.kind) {
    case 'stopped':
      return 'recovering';
    case 'starting':
      return phase.launch.kind === 'spawn' && state.incident === null ? 'starting' : 'recovering';
    case 'verifying':
      return phase.launch?.kind === 'spawn' && state.incident === null ? 'starting' : 'recovering';
    case 'running':
      return 'running';
    case 'stopping':
      return phase.then.kind === 'halted' ? 'halted' : 'recovering';
    case 'down':
      return phase.why === 'halted' ? 'halted' : phase.until === null ? 'recovering' : 'backing-off';
  }
}
