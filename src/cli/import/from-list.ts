import { z } from 'zod';
import {
  AGENTS_NAMESPACE,
  argumentsOf,
  bytesOf,
  millisecondsOf,
  othersIn,
  UNSUPPORTED,
  type Pm2App,
  type Pm2Source,
} from './pm2-app';

const rowSchema = z.object({
  name: z.string().min(1),
  pm2_env: z.looseObject({ pm_exec_path: z.string().min(1), namespace: z.string().optional() }),
});

type Entry = z.output<typeof rowSchema>['pm2_env'];

/**
 * Reads PM2's list; pure. Processes of one program are one app. Leaves out agents of agent-spawner, agent-spawner itself
 * and PM2's modules.
 *
 * @param ownPrograms absolute paths of agent-spawner's own programs
 */
export function readList(rows: unknown, ownPrograms: readonly string[]): Pm2Source {
  const apps = new Map<string, Pm2App>();
  const leftOut = new Map<string, string>();
  for (const row of Array.isArray(rows) ? rows : []) {
    const { data, error } = rowSchema.safeParse(row);
    if (error !== undefined) {
      leftOut.set(nameIn(row), 'its entry in PM2 names no program');
      continue;
    }
    const { name, pm2_env: entry } = data;
    const why = whyLeftOut(entry, ownPrograms);
    const key = JSON.stringify([entry.namespace ?? '', name, entry.pm_exec_path]);
    const known = apps.get(key);
    if (why !== null) leftOut.set(name, why);
    else if (known === undefined) apps.set(key, appOf(name, entry));
    else apps.set(key, { ...known, instances: known.instances + 1 });
  }
  return { apps: [...apps.values()], leftOut: [...leftOut].map(([name, why]) => ({ name, why })) };
}

/** An agent has the namespace and the variables that only a launch by agent-spawner sets. */
function whyLeftOut(entry: Entry, ownPrograms: readonly string[]): string | null {
  const hasMark = typeof entry.AGENT_RUN_ID === 'string' && typeof entry.AGENT_TOKEN === 'string';
  if (entry.namespace === AGENTS_NAMESPACE && hasMark) return 'agent-spawner runs it already';
  if (ownPrograms.includes(entry.pm_exec_path)) return 'it is agent-spawner itself';
  return entry.pmx_module === true ? 'it is a module of PM2' : null;
}

function appOf(name: string, entry: Entry): Pm2App {
  const { namespace = 'default', pm_exec_path: file } = entry;
  return {
    ...{ name, namespace: namespace === 'default' ? null : namespace, script: file, file },
    cwd: textOf(entry.pm_cwd),
    args: argumentsOf(entry.args),
    interpreter: textOf(entry.exec_interpreter),
    interpreterArgs: argumentsOf(entry.node_args),
    env: textsIn(entry.env),
    ...{ isEnvConfigured: false, instances: 1, isCluster: entry.exec_mode === 'cluster_mode' },
    maxMemoryBytes: bytesOf(entry.max_memory_restart),
    autorestart: entry.autorestart !== false,
    // PM2 stores a list of one number as that number.
    stopExitCodes: [entry.stop_exit_codes].flat().filter((code) => typeof code === 'number'),
    killTimeoutMs: millisecondsOf(entry.kill_timeout),
    restartDelayMs: millisecondsOf(entry.restart_delay),
    backoffDelayMs: millisecondsOf(entry.exp_backoff_restart_delay),
    others: othersIn(entry, UNSUPPORTED),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function textsIn(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((each): each is [string, string] => typeof each[1] === 'string'),
  );
}

function nameIn(row: unknown): string {
  const named = z.object({ name: z.string() }).safeParse(row);
  return named.success ? named.data.name : '(without a name)';
}
