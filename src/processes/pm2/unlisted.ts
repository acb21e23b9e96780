import { markOf } from '../process-table/process-tree';
import type { ProcessFacts, ProcessInspector } from '../process-table/process-inspector';
import type { ListedProcess, UnlistedProcess } from '../process-snapshot';

interface Place {
  readonly daemonPid: number;
  readonly inspector: ProcessInspector;
  /** True to search the whole process table; false to search only the daemon's children. */
  readonly scan: boolean;
}

interface Search extends Place {
  readonly listed: readonly ListedProcess[];
  /** Result of {@link identifyPresent} from before the list was requested. */
  readonly before: ReadonlySet<string>;
  readonly key: Buffer;
}

/** Returns the keys (pid and start time) of the processes that exist now. */
export function identifyPresent(place: Place): ReadonlySet<string> {
  return new Set(readProcesses(place).map(keyOf));
}

/**
 * Returns the live processes that carry an agent's mark, have no entry, and do not descend from a process with an
 * entry.
 */
export function findUnlisted(search: Search): UnlistedProcess[] {
  const { listed, before, inspector, key } = search;
  const behindEntries = new Set(listed.flatMap((entry) => (entry.process === null ? [] : [entry.process.pid])));
  const all = readProcesses(search);
  const byPid = new Map(all.map((facts) => [facts.pid, facts]));
  return all.flatMap((facts) => {
    if (facts.pid === process.pid || facts.pid === search.daemonPid) return [];
    if (descendsFrom(facts, behindEntries, byPid)) return [];
    const mark = markOf(facts.pid, inspector, key);
    if (mark === null) return [];
    const { pid, startTime } = facts;
    const isNew = !before.has(keyOf(facts));
    return [{ ...mark, process: { pid, startTime }, leader: facts.sessionId === pid, isNew }];
  });
}

function keyOf({ pid, startTime }: ProcessFacts): string {
  return `${pid} ${startTime}`;
}

function readProcesses({ scan, daemonPid, inspector }: Place): ProcessFacts[] {
  if (scan) return inspector.all();
  return inspector.children(daemonPid).flatMap((pid) => inspector.facts(pid) ?? []);
}

function descendsFrom(
  facts: ProcessFacts,
  ancestors: ReadonlySet<number>,
  byPid: ReadonlyMap<number, ProcessFacts>,
): boolean {
  for (
    let each: ProcessFacts | undefined = facts;
    each !== undefined && each.pid > 1;
    each = byPid.get(each.parentPid)
  ) {
    if (ancestors.has(each.pid)) return true;
  }
  return false;
}
