import type { Random } from '../../src/kernel';

/** Faults of one agent: any number may be under way. */
export const AGENT_FAULTS = ['kill', 'freeze', 'hang', 'error', 'slow', 'exit', 'memory', 'port'] as const;
/** Faults of what carries all agents: one after the other. */
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
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly kind: FaultKind;
}

const PER_TEN_MINUTES = 6;
const BEGIN_MS = 2_000;
/** Time that each common fault needs until the next one may come. */
const COMMON_MS: Readonly<Record<CommonFault, number>> = {
  'daemon killed': 3_000,
  'daemon frozen': 17_000,
  'supervisor killed': 5_000,
  'supervisor frozen': 12_000,
  'database slow': 4_000,
  'telegram down': 3_000,
};

/**
 * Which fault comes when, drawn from a seed: in ten minutes each kind six times, in fewer in proportion, but at least once.
 */
export function scheduleOf(random: Random, minutes: number): PlannedFault[] {
  const times = Math.max(1, Math.round((PER_TEN_MINUTES * minutes) / 10));
  const end = minutes * 60_000;
  const faults: PlannedFault[] = [];
  for (const kind of AGENT_FAULTS) {
    for (let count = 0; count < times; count += 1) {
      faults.push({ at: BEGIN_MS + random() * (end - BEGIN_MS), kind });
    }
  }
  const common = shuffled(
    COMMON_FAULTS.flatMap((kind) => Array.from({ length: times }, () => kind)),
    random,
  );
  const needed = common.reduce((sum, kind) => sum + COMMON_MS[kind], 0);
  const spare = Math.max(0, end - BEGIN_MS - needed) / common.length;
  let at = BEGIN_MS;
  for (const kind of common) {
    faults.push({ at: at + random() * spare, kind });
    at += COMMON_MS[kind] + spare;
  }
  return faults.sort((left, right) => left.at - right.at);
}

export function isCommon(kind: FaultKind): kind is CommonFault {
  return (COMMON_FAULTS as readonly string[]).includes(kind);
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const left = [...items];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(Math.floor(random() * left.length), 1));
  return result;
}
