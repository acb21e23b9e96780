import { treeOf, type ProcessIdentity, type ProcessInspector } from '../runtime';

/** Resident memory of a process and all that descends from it, bytes; null: it is gone. */
export function treeMemory(process: ProcessIdentity, inspector: ProcessInspector): number | null {
  const tree = treeOf([process], inspector.all());
  if (tree.length === 0) return null;
  return tree.reduce((sum, { pid }) => sum + (inspector.residentBytes(pid) ?? 0), 0);
}
