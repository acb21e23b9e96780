import { verifyAgentToken } from '../launch/agent-token';
import type { ProcessFacts, ProcessIdentity, ProcessInspector } from './process-inspector';

/** Identifies the run that started a process. Every process of a run carries it. */
export interface Mark {
  readonly agentId: string;
  readonly runId: string;
}

/**
 * Returns the mark of a process, or null if it has no valid agent token. The environment of the process must not leave
 * this function.
 */
export function markOf(pid: number, inspector: ProcessInspector, key: Buffer): Mark | null {
  for (const token of inspector.valuesOf(pid, 'AGENT_TOKEN')) {
    const mark = verifyAgentToken(token, key);
    if (mark !== null) return mark;
  }
  return null;
}

/**
 * Returns processes with all their descendants, and with the members of their sessions whose parents died.
 *
 * @param roots where to start; a dead root contributes the remaining members of its session
 * @param spared pids to leave out, together with their descendants
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
    // The kernel does not reuse a pid while it is the ID of a session with members.
    const since = root.startTime ?? Infinity;
    for (const member of all) if (member.sessionId === root.pid && member.startTime >= since) visit(member);
  }
  return [...found.values()];
}
