import type { ProcessIdentity, ProcessSnapshot } from '../../processes';
import type { Observation, Run } from '../machine';

/** Scope and occasion of a snapshot. */
export interface Look {
  /** True if the whole process table was scanned. */
  readonly scanned: boolean;
  /** True for the first one after the supervisor started. */
  readonly boot: boolean;
}

/** Returns the part of a snapshot that concerns one agent. */
export function observationOf(agentId: string, snapshot: ProcessSnapshot, look: Look): Observation {
  return {
    beganAt: snapshot.beganAt,
    ...look,
    daemon: { pid: snapshot.daemon.pid, startTime: snapshot.daemon.startTime },
    listed: snapshot.listed.filter((entry) => entry.agentId === agentId),
    unlisted: snapshot.unlisted.filter((found) => found.agentId === agentId),
  };
}

/** Returns the observations of many agents, in one pass over the snapshot. */
export function observationsOf(
  agentIds: Iterable<string>,
  snapshot: ProcessSnapshot,
  look: Look,
): Map<string, Observation> {
  const listed = grouped(snapshot.listed);
  const unlisted = grouped(snapshot.unlisted);
  const daemon = { pid: snapshot.daemon.pid, startTime: snapshot.daemon.startTime };
  const observations = new Map<string, Observation>();
  for (const agentId of agentIds) {
    observations.set(agentId, {
      beganAt: snapshot.beganAt,
      ...look,
      daemon,
      listed: listed.get(agentId) ?? [],
      unlisted: unlisted.get(agentId) ?? [],
    });
  }
  return observations;
}

/**
 * Adds the known run as an unlisted process, if it lives but the snapshot lacks it. A process may hide its environment,
 * and with it the marker: `setproctitle` overwrites it, and macOS hides that of its own programs. Pid and start time
 * are proof.
 */
export function withKnownRun(
  observation: Observation,
  agentId: string,
  run: Run | null,
  isAlive: (process: ProcessIdentity) => boolean,
): Observation {
  if (run === null) return observation;
  const { runId, process } = run;
  const isIt = (seen: ProcessIdentity | null) => seen?.pid === process.pid && seen.startTime === process.startTime;
  const isSeen = [...observation.listed, ...observation.unlisted].some((each) => isIt(each.process));
  if (isSeen || !isAlive(process)) return observation;
  const itself = { agentId, runId, process, leader: true, isNew: false };
  return { ...observation, unlisted: [...observation.unlisted, itself] };
}

function grouped<T extends { readonly agentId: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.agentId);
    if (group === undefined) groups.set(item.agentId, [item]);
    else group.push(item);
  }
  return groups;
}
