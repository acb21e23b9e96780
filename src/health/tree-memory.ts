import { treeOf, type ProcessFacts, type ProcessIdentity, type ProcessInspector } from '../runtime';

/** Resident memory of a process and all that descends from it, bytes; null: it is not in the table. */
export function treeMemory(
  process: ProcessIdentity,
  all: readonly ProcessFacts[],
  inspector: Pick<ProcessInspector, 'residentBytes'>,
): number | null {
  const tree = treeOf([process], all);
  if (tree.length === 0) return null;
  return tree.reduce((sum, { pid }) => sum + (inspector.residentBytes(pid) ?? 0), 0);
}
