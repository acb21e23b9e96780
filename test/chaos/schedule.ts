import type { Random } from '../../src/kernel';

/** Faults of one agent. Any number may happen at once. */
export const AGENT_FAULTS = ['kill', 'freeze', 'hang', 'error', 'slow', 'exit', 'memory', 'port'] as const;
/** Faults of a part that all agents depend on. They happen one after the other. */
export const COMMON_FAULTS = [
  'daemon killed',
  'daemon frozen',
  'supervisor killed',
  'supervisor frozen',
  'database slow',
  'telegram down',
] as const;

export type AgentFault = (typeof AGENT_FAULTS)[number];
export type CommonFault = (typeof COMMON_FAULTS)[number];
export type FaultKind = AgentFault | CommonFault;

export interface PlannedFault {
  /** Milliseconds since the start of the run. */
  readonly at: number;
  readonly kind: FaultKind;
  /** Duration of a freeze of the service; 0 for other faults. */
  readonly freezeMs: number;
}

const PER_TEN_MINUTES = 6;
const BEGIN_MS = 2_000;
/** Time after a thaw without another common fault. */
export const ALONE_MS = 12_000;
const LEAST_FREEZE_MS = 5_000;
const LONGEST_FREEZE_MS = 90_000;
/** Time from each common fault to the next one. */
const COMMON_MS: Readonly<Record<CommonFault, number>> = {
  'daemon killed': 3_000,
  'daemon frozen': 17_000,
  'supervisor killed': 5_000,
  'supervisor frozen': ALONE_MS,
  'database slow': 4_000,
  'telegram down': 3_000,
};

/**
 * Draws the time of each fault: each kind six times in ten minutes, proportionally fewer in a shorter run, but at least
 * once.
 */
export function drawSchedule(random: Random, minutes: number): PlannedFault[] {
  const times = Math.max(1, Math.round((PER_TEN_MINUTES * minutes) / 10));
  const end = minutes * 60_000;
  const faults: PlannedFault[] = [];
  for (const kind of AGENT_FAULTS) {
    for (let count = 0; count < times; count += 1) {
      faults.push({ at: BEGIN_MS + random() * (end - BEGIN_MS), kind, freezeMs: 0 });
    }
  }
  const common = shuffle(
    COMMON_FAULTS.flatMap((kind) => Array.from({ length: times }, () => kind)),
    random,
  );
  // A short run has no time for a long freeze.
  const longestMs = Math.min(LONGEST_FREEZE_MS, LEAST_FREEZE_MS + (end * LONGEST_FREEZE_MS) / 600_000);
  const planned = common.map((kind) => {
    const freezeMs = kind === 'supervisor frozen' ? LEAST_FREEZE_MS + random() * (longestMs - LEAST_FREEZE_MS) : 0;
    return { kind, freezeMs };
  });
  const needed = planned.reduce((sum, { kind, freezeMs }) => sum + COMMON_MS[kind] + freezeMs, 0);
  const spare = Math.max(0, end - BEGIN_MS - needed) / common.length;
  let at = BEGIN_MS;
  for (const { kind, freezeMs } of planned) {
    faults.push({ at: at + random() * spare, kind, freezeMs });
    at += COMMON_MS[kind] + freezeMs + spare;
  }
  return faults.sort((left, right) => left.at - right.at);
}

export function isCommon(kind: FaultKind): kind is CommonFault {
  return (COMMON_FAULTS as readonly string[]).includes(kind);
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(Math.floor(random() * left.length), 1));
  return result;
}
