import { z } from 'zod';
import type { ProcessInspector } from '../process-inspector';
import type { ListedProcess } from '../process-runtime';
import { isOurs, listRowSchema, type Pm2Record } from './pm2-packet';

const STATES: ReadonlyMap<string, ListedProcess['state']> = new Map([
  ['online', 'online'],
  ['launching', 'launching'],
  ['one-launch-status', 'launching'],
  ['waiting restart', 'launching'],
  ['stopping', 'stopping'],
  ['stopped', 'stopped'],
  ['errored', 'errored'],
]);

/** PM2's list with what it knows of its own: the column of restarts, which we carry on. */
export interface TableRow extends ListedProcess {
  readonly restartTime: number;
}

/** Reads PM2's list: our agents only, each with the live process behind it as the process table shows it. */
export function readTable(rows: unknown, inspector: ProcessInspector): TableRow[] {
  if (!Array.isArray(rows)) return [];
  return rows.flatMap((row: unknown) => {
    const parsed = listRowSchema.safeParse(row);
    if (!parsed.success || !isOurs(parsed.data.pm2_env)) return [];
    const { pid, pm2_env: record, monit } = parsed.data;
    return [rowOf(record, typeof pid === 'number' && pid > 0 ? pid : null, monit, inspector)];
  });
}

/** The names of everything that is listed, whosever it is. */
export function namesOfAll(rows: unknown): string[] {
  const parsed = z.array(z.object({ name: z.string() })).safeParse(rows);
  return parsed.success ? parsed.data.map(({ name }) => name) : [];
}

function rowOf(
  record: Pm2Record,
  pid: number | null,
  monit: { memory: number; cpu: number } | undefined,
  inspector: ProcessInspector,
): TableRow {
  const facts = pid === null ? null : inspector.facts(pid);
  return {
    agentId: record.name,
    pmId: record.pm_id,
    uniqueId: record.unique_id ?? '',
    state: STATES.get(record.status ?? '') ?? 'errored',
    process: facts === null ? null : { pid: facts.pid, startTime: facts.startTime },
    runId: record.AGENT_RUN_ID ?? null,
    upSince: record.pm_uptime ?? 0,
    wasEndOrdered: false,
    memoryBytes: facts === null ? null : (monit?.memory ?? null),
    cpuPercent: facts === null ? null : (monit?.cpu ?? null),
    restartTime: record.restart_time ?? 0,
  };
}
