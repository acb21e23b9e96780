import { markOf } from '../process-tree';
import type { ProcessFacts, ProcessInspector } from '../process-inspector';
import type { ListedProcess, UnlistedProcess } from '../process-runtime';

interface Place {
  readonly daemonPid: number;
  readonly inspector: ProcessInspector;
  /** The whole process table; else only the daemon's children. */
  readonly scan: boolean;
}

interface Search extends Place {
  readonly listed: readonly ListedProcess[];
  /** What was {@link present} before the list was asked for. */
  readonly before: ReadonlySet<string>;
  readonly key: Buffer;
}

/** Which processes are there, by pid and start time. */
export function present(place: Place): ReadonlySet<string> {
  return new Set(processesOf(place).map(nameOf));
}

/** Live processes with our mark that stand behind no entry, nor descend from one that does. */
export function findUnlisted(search: Search): UnlistedProcess[] {
  const { listed, before, inspector, key } = search;
  const behindEntries = new Set(listed.flatMap((entry) => (entry.process === null ? [] : [entry.process.pid])));
  const all = processesOf(search);
  const byPid = new Map(all.map((facts) => [facts.pid, facts]));
  return all.flatMap((facts) => {
    if (facts.pid === process.pid || facts.pid === search.daemonPid) return [];
    if (descendsFrom(facts, behindEntries, byPid)) return [];
    const mark = markOf(facts.pid, inspector, key);
    if (mark === null) return [];
    const { pid, startTime } = facts;
    const isNew = !before.has(nameOf(facts));
    return [{ ...mark, process: { pid, startTime }, leader: facts.sessionId === pid, isNew }];
  });
}

function nameOf({ pid, startTime }: ProcessFacts): string {
  return `${pid} ${startTime}`;
}

function processesOf({ scan, daemonPid, inspector }: Place): ProcessFacts[] {
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
