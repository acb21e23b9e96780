import path from 'node:path';
import { z } from 'zod';
import { invalidMembers, Problem } from '../../kernel';
import {
  argumentsOf,
  bytesOf,
  millisecondsOf,
  othersIn,
  UNSUPPORTED_IN_FILE,
  type LeftOut,
  type Pm2App,
  type Pm2Source,
} from './pm2-app';

/** Names under which PM2 accepts a setting, by the name that is read here. The first one that is set counts. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  script: ['exec', 'cmd', 'command'],
  exec_interpreter: ['interpreter'],
  node_args: ['interpreter_args', 'interpreterArgs'],
  out_file: ['out', 'output', 'out_log'],
  error_file: ['error', 'err', 'err_file', 'err_log'],
  log_file: ['log'],
  cron_restart: ['cron'],
  uid: ['user'],
};

const text = z.string().min(1);
const appSchema = z.looseObject({
  script: text,
  name: text.optional(),
  cwd: text.optional(),
  namespace: text.optional(),
  exec_interpreter: text.optional(),
  env: z.record(z.string(), z.unknown()).optional(),
});

/**
 * Reads what an ecosystem file exports; pure. Relative paths are resolved against the folder of the file, in which
 * `pm2 start` is usually called.
 *
 * @param file absolute path of the file
 * @throws Problem `invalid-request` that names what is wrong
 */
export function readEcosystem(content: unknown, file: string): Pm2Source {
  const leftOut: LeftOut[] = [];
  const apps = appsIn(content).map((given, index) => {
    const parsed = appSchema.safeParse(withoutAliases(given));
    if (parsed.success) return appOf(parsed.data, path.dirname(file));
    const faults = invalidMembers(parsed.error).map(({ pointer, detail }) => `${pointer}: ${detail}`);
    throw new Problem(
      'invalid-request',
      `${file}: program ${index + 1} cannot be read: ${faults.join('; ')}. Correct the file.`,
    );
  });
  if (isObject(content) && Array.isArray(content.static) && content.static.length > 0) {
    leftOut.push({ name: 'static', why: "PM2's static file server is no agent" });
  }
  return { apps, leftOut };
}

/** PM2 accepts a list of programs in `apps` or `pm2`, such a list by itself, and one program. */
function appsIn(content: unknown): unknown[] {
  const apps = isObject(content) ? (content.apps ?? content.pm2 ?? content) : content;
  return [apps].flat();
}

function withoutAliases(given: unknown): unknown {
  if (!isObject(given)) return given;
  const settings: Record<string, unknown> = { ...given };
  for (const [name, aliases] of Object.entries(ALIASES)) {
    const used = aliases.find((alias) => given[alias] !== undefined);
    if (settings[name] === undefined && used !== undefined) settings[name] = given[used];
  }
  return settings;
}

function appOf(settings: z.output<typeof appSchema>, folder: string): Pm2App {
  const { script, namespace = 'default' } = settings;
  const cwd = settings.cwd === undefined ? null : path.resolve(folder, settings.cwd);
  const file = path.resolve(cwd ?? folder, script);
  const instances = settings.instances ?? 1;
  const count = typeof instances === 'number' ? instances : Number(instances);
  return {
    name: settings.name ?? path.basename(script, path.extname(script)),
    namespace: namespace === 'default' ? null : namespace,
    ...{ script, file, cwd },
    args: argumentsOf(settings.args),
    interpreter: settings.exec_interpreter ?? null,
    interpreterArgs: argumentsOf(settings.node_args),
    env: envOf(settings),
    isEnvConfigured: true,
    instances: Number.isInteger(count) && count > 0 ? count : 0,
    isCluster: settings.exec_mode === 'cluster' || settings.exec_mode === 'cluster_mode',
    maxMemoryBytes: bytesOf(settings.max_memory_restart),
    autorestart: settings.autorestart !== false,
    stopExitCodes: [settings.stop_exit_codes].flat().map(Number).filter(Number.isInteger),
    killTimeoutMs: millisecondsOf(settings.kill_timeout),
    restartDelayMs: millisecondsOf(settings.restart_delay),
    backoffDelayMs: millisecondsOf(settings.exp_backoff_restart_delay),
    others: [
      ...othersIn(settings, UNSUPPORTED_IN_FILE),
      ...Object.keys(settings).filter((name) => name.startsWith('env_')),
    ],
  };
}

/** PM2 passes `port` on as PORT, and an object as JSON. */
function envOf({ env = {}, port }: z.output<typeof appSchema>): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || value === null) continue;
    texts[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return typeof port === 'number' ? { ...texts, PORT: String(port) } : texts;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
