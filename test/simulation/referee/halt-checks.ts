import type { EventDraft, EventType } from '../../../src/events';

const HOUR_MS = 3_600_000;
/** Limits of the circuits of the simulation. At either of them any failure opens the circuit. */
const FAILURES_IN_A_ROW = 5;
const FAILURES_PER_HOUR = 20;

/** Events between two failures that leave the runs in a row, if they are all about the second of the two runs. */
const OF_ONE_RUN: ReadonlySet<EventType> = new Set<EventType>([
  'recovery.failed',
  'recovery.scheduled',
  'recovery.attempted',
  'agent.spawned',
  'agent.restarted',
  'agent.adopted',
  'agent.exited',
]);

/** A counted failure of one agent in its history, and what followed. */
interface Failure {
  readonly event: EventDraft;
  /** The counted failure before it in the same incident, with the events between the two; null: none. */
  readonly previous: { readonly cause: unknown; readonly between: readonly EventDraft[] } | null;
  /** Failures of the last hour, with this one. */
  readonly lastHour: number;
  readonly wasClosed: boolean;
  /** The next restart or the opening of the circuit, as far as the same decision recorded one. */
  readonly outcome: EventDraft | undefined;
}

/**
 * Returns the broken promises in the history of one agent. By a cause that no restart cures the agent is halted at once
 * if the cause is certain. If it is only likely, the agent is restarted after the first failure and halted after the
 * second one in a row.
 */
export function findFalseHalts(history: readonly EventDraft[]): string[] {
  return failuresOf(history).flatMap((failure) => {
    const { line, cause, certainty, remedy } = failure.event.data;
    const { outcome, previous, wasClosed, lastHour } = failure;
    if (remedy !== 'person' || outcome === undefined) return [];
    const isHalted = outcome.type === 'circuit.opened';
    const about = JSON.stringify(line);
    if (certainty === 'certain') return isHalted ? [] : [`was restarted after a certain failure: ${about}`];
    const isRepeated = previous !== null && previous.cause === cause;
    if (!isHalted) {
      const isInRow = isRepeated && isOneRun(previous.between);
      return isInRow ? [`was restarted after a second failure in a row: ${about}`] : [];
    }
    const isBelow = Number(outcome.data.failureCount) < FAILURES_IN_A_ROW && lastHour < FAILURES_PER_HOUR;
    return wasClosed && isBelow && !isRepeated ? [`was halted by one likely failure: ${about}`] : [];
  });
}

function failuresOf(history: readonly EventDraft[]): Failure[] {
  const failures: Failure[] = [];
  let wasClosed = true;
  let lastIndex: number | null = null;
  history.forEach((event, index) => {
    const { type, data, occurredAt } = event;
    if (type === 'circuit.opened' || type === 'circuit.half-opened') wasClosed = false;
    if (type === 'circuit.closed' || type === 'agent.unregistered') wasClosed = true;
    if (type !== 'recovery.diagnosed' || data.paused === true) return;
    const before = lastIndex === null ? undefined : history[lastIndex];
    const isSameIncident = before !== undefined && before.data.incidentId === data.incidentId;
    const between = history.slice((lastIndex ?? 0) + 1, index);
    failures.push({
      event,
      previous: isSameIncident ? { cause: before.data.cause, between } : null,
      lastHour: failures.filter((each) => each.event.occurredAt > occurredAt - HOUR_MS).length + 1,
      wasClosed,
      outcome: outcomeOf(history.slice(index + 1)),
    });
    lastIndex = index;
  });
  return failures;
}

function outcomeOf([first, second]: readonly EventDraft[]): EventDraft | undefined {
  const next = first?.type === 'recovery.failed' ? second : first;
  return next?.type === 'recovery.scheduled' || next?.type === 'circuit.opened' ? next : undefined;
}

function isOneRun(between: readonly EventDraft[]): boolean {
  const runs = new Set(between.flatMap(({ data }) => (data.runId === undefined ? [] : [data.runId])));
  const isClear = between.every(({ type, data }) => {
    if (type === 'agent.spawned') return data.by === 'healing';
    if (type === 'agent.exited') return data.expected !== true && data.ordered !== true;
    return OF_ONE_RUN.has(type);
  });
  return runs.size === 1 && isClear;
}
