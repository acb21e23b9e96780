import { verifyAgentToken } from './agent-token';
import type { ProcessFacts, ProcessInspector } from './process-inspector';
import type { ProcessIdentity } from './process-runtime';

/** The mark that everything carries which a run of ours has started. */
export interface Mark {
  readonly agentId: string;
  readonly runId: string;
}

/** The mark of a process, if it carries a token of ours; its environment goes no further than here. */
export function markOf(pid: number, inspector: ProcessInspector, key: Buffer): Mark | null {
  for (const token of inspector.valuesOf(pid, 'AGENT_TOKEN')) {
    const mark = verifyAgentToken(token, key);
    if (mark !== null) return mark;
  }
  return null;
}

/**
 * A process, all that descends from it, and what it left in its session when its parents died.
 *
 * @param roots where to begin; those that are dead contribute what is left of their session
 * @param spared is not part of it, nor what descends from it
 */
export function treeOf(
  roots: readonly ProcessIdentity[],
  all: readonly ProcessFacts[],
  spared: readonly number[] = [],
): ProcessFacts[] {
  const children = new Map<number, ProcessFacts[]>();
  for (const process of all) {
    const siblings = children.get(process.parentPid);
    if (siblings === undefined) children.set(process.parentPid, [process]);
    else siblings.push(process);
  }
  const found = new Map<number, ProcessFacts>();
  const visit = (process: ProcessFacts) => {
    if (found.has(process.pid) || spared.includes(process.pid)) return;
    found.set(process.pid, process);
    for (const child of children.get(process.pid) ?? []) visit(child);
  };
  for (const root of roots) {
    const holder = all.find((process) => process.pid === root.pid);
    const isRecycled = holder !== undefined && holder.startTime !== root.startTime;
    if (isRecycled) continue;
    if (holder !== undefined) visit(holder);
    // The system gives no pid away that is still the id of a session with members.
    const since = root.startTime ?? Infinity;
    for (const member of all) if (member.sessionId === root.pid && member.startTime >= since) visit(member);
  }
  return [...found.values()];
}
