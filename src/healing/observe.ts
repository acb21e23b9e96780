import type { ProcessIdentity, RuntimeSnapshot } from '../runtime';
import type { Observation, Run } from './machine';

/** How a list was taken. */
export interface Look {
  /** The whole process table was looked through. */
  readonly scanned: boolean;
  /** The first one after a start of ours. */
  readonly boot: boolean;
}

/** What a snapshot of all agents shows of one. */
export function observationOf(agentId: string, snapshot: RuntimeSnapshot, look: Look): Observation {
  return {
    beganAt: snapshot.beganAt,
    ...look,
    daemon: { pid: snapshot.daemon.pid, startTime: snapshot.daemon.startTime },
    listed: snapshot.listed.filter((entry) => entry.agentId === agentId),
    unlisted: snapshot.unlisted.filter((found) => found.agentId === agentId),
  };
}

/** The same for many agents: one pass over the list, however many there are. */
export function observationsOf(
  agentIds: Iterable<string>,
  snapshot: RuntimeSnapshot,
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
 * A process may hide its environment, and with it our mark: `setproctitle` writes over it, macOS hides that of its own
 * programs. Of the run that we know, pid and start time are proof enough that it lives outside of the list.
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
