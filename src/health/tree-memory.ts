import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import {
  PROCESS_INSPECTOR,
  treeOf,
  type ProcessFacts,
  type ProcessIdentity,
  type ProcessInspector,
} from '../processes/read-only';

/** Maximum age of the process table. All agents due at one tick share one scan. */
const TABLE_MS = 250;

/** Measures the memory of process trees. */
@Injectable()
export class TreeMemory {
  private table: { readonly at: number; readonly all: readonly ProcessFacts[] } | null = null;

  constructor(
    @Inject(PROCESS_INSPECTOR) private readonly inspector: ProcessInspector,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Returns the memory of a process and its descendants in bytes; null if the process is gone. It scans the whole
   * process table.
   */
  measure(process: ProcessIdentity, limitBytes: number): number | null {
    const now = this.clock.now();
    if (this.table === null || now - this.table.at > TABLE_MS) this.table = { at: now, all: this.inspector.all() };
    return treeMemory(process, this.table.all, this.inspector, limitBytes);
  }
}

/**
 * Returns the memory of a process and all its descendants in bytes; null if the process is not in the table. Shared
 * memory counts once (PSS) if the system reports it.
 *
 * @param limitBytes if the sum of the resident memory (RSS) is at most this, that sum is returned. RSS is cheaper to
 * read and never less than PSS.
 */
export function treeMemory(
  process: ProcessIdentity,
  all: readonly ProcessFacts[],
  inspector: Pick<ProcessInspector, 'residentBytes' | 'proportionalBytes'>,
  limitBytes: number,
): number | null {
  const tree = treeOf([process], all);
  if (tree.length === 0) return null;
  const residentOf = (pid: number) => inspector.residentBytes(pid) ?? 0;
  const sum = (bytesOf: (pid: number) => number) => tree.reduce((bytes, { pid }) => bytes + bytesOf(pid), 0);
  const resident = sum(residentOf);
  return resident <= limitBytes ? resident : sum((pid) => inspector.proportionalBytes(pid) ?? residentOf(pid));
}
