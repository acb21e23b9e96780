import { z } from 'zod';
import type { ProcessInspector } from '../process-table/process-inspector';
import type { ListedProcess } from '../process-snapshot';
import { isAgent, listRowSchema, runIdOf, type Pm2Record, type VerifyToken } from './pm2-packet';

const STATES: ReadonlyMap<string, ListedProcess['state']> = new Map([
  ['online', 'online'],
  ['launching', 'launching'],
  ['one-launch-status', 'launching'],
  ['waiting restart', 'launching'],
  ['stopping', 'stopping'],
  ['stopped', 'stopped'],
  ['errored', 'errored'],
]);

/** A row of PM2's list, with PM2's own restart count. A launch that replaces the entry continues the count. */
export interface Pm2Entry extends ListedProcess {
  readonly restartTime: number;
}

/** Sources of the facts that are not in the list itself. */
export interface EntrySources {
  readonly inspector: ProcessInspector;
  readonly verify: VerifyToken;
}

/** Reads PM2's list. Returns only agents, each with its live process from the process table. */
export function readEntries(rows: unknown, sources: EntrySources): Pm2Entry[] {
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row: unknown) => {
    const parsed = listRowSchema.safeParse(row);
    if (!parsed.success || !isAgent(parsed.data.pm2_env)) return [];
    const { pid, pm2_env: record, monit } = parsed.data;
    return [toEntry(record, typeof pid === 'number' && pid > 0 ? pid : null, monit, sources)];
  });
}

/** Returns the names of all listed entries, in any namespace. */
export function readNames(rows: unknown): string[] {
  const parsed = z.array(z.object({ name: z.string() })).safeParse(rows);
  return parsed.success ? parsed.data.map(({ name }) => name) : [];
}

function toEntry(
  record: Pm2Record,
  pid: number | null,
  monit: { memory: number; cpu: number } | undefined,
  { inspector, verify }: EntrySources,
): Pm2Entry {
  const facts = pid === null ? null : inspector.facts(pid);
  return {
    agentId: record.name,
    entryId: record.pm_id,
    uniqueId: record.unique_id ?? '',
    state: STATES.get(record.status ?? '') ?? 'errored',
    process: facts === null ? null : { pid: facts.pid, startTime: facts.startTime },
    runId: runIdOf(record, verify),
    upSince: record.pm_uptime ?? 0,
    wasEndOrdered: false,
    memoryBytes: facts === null ? null : (monit?.memory ?? null),
    cpuPercent: facts === null ? null : (monit?.cpu ?? null),
    restartTime: record.restart_time ?? 0,
  };
}
