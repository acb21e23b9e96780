export type DesiredState = 'running' | 'stopped';

/** What a reader sees of an agent; derived, never stored as a truth of its own. */
export const AGENT_STATUSES = [
  'stopped',
  'starting',
  'running',
  'unhealthy',
  'backing-off',
  'recovering',
  'halted',
  'unknown',
] as const;

export type AgentStatus = (typeof AGENT_STATUSES)[number];
