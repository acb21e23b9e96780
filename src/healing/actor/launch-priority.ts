import type { Launch } from '../machine';

/** Priorities of competing launches. A lower number starts first. */
const PRIORITY = {
  operator: 0,
  /** A caller of capability routing waits for it. */
  routing: 1,
  'first-restart': 2,
  /** After first restarts, so that an agent that fails again and again delays no other. */
  'later-restart': 3,
  trial: 4,
} as const;

/**
 * Returns the priority of a launch. What a caller waits for comes before what healing does
 * by itself.
 */
export function priorityOf(launch: Launch): number {
  return PRIORITY[rankOf(launch)];
}

function rankOf(launch: Launch): keyof typeof PRIORITY {
  if (launch.by === 'operator' || launch.by === 'routing') return launch.by;
  if (launch.trial) return 'trial';
  if (launch.by === 'recovery') return 'first-restart';
  return (launch.attempt ?? 1) <= 1 ? 'first-restart' : 'later-restart';
}
