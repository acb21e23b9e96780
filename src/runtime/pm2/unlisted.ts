import { markOf } from '../process-tree';
import type { ProcessFacts, ProcessInspector } from '../process-inspector';
import type { ListedProcess, UnlistedProcess } from '../process-runtime';

interface Search {
  readonly listed: readonly ListedProcess[];
  readonly daemonPid: number;
  readonly inspector: ProcessInspector;
  readonly key: Buffer;
  /** The whole process table; else only the daemon's children. */
  readonly scan: boolean;
}

/** Live processes with our mark that stand behind no entry, nor descend from one that does. */
export function findUnlisted(search: Search): UnlistedProcess[] {
  const { listed, inspector, key } = search;
  const behindEntries = new Set(listed.flatMap((entry) => (entry.process === null ? [] : [entry.process.pid])));
  const all = search.scan ? inspector.all() : childrenOf(search);
  const byPid = new Map(all.map((facts) => [facts.pid, facts]));
  return all.flatMap((facts) => {
    if (facts.pid === process.pid || facts.pid === search.daemonPid) return [];
    if (descendsFrom(facts, behindEntries, byPid)) return [];
    const mark = markOf(facts.pid, inspector, key);
    if (mark === null) return [];
    const { pid, startTime } = facts;
    return [{ ...mark, process: { pid, startTime }, leader: facts.sessionId === pid }];
  });
}

function childrenOf({ daemonPid, inspector }: Search): ProcessFacts[] {
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
