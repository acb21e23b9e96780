import { lstatSync, readdirSync, readFileSync, type Dirent } from 'node:fs';
import path from 'node:path';
import axon from 'pm2/modules/pm2-axon';
import axonRpc from 'pm2/modules/pm2-axon-rpc';
import { PGlite } from '@electric-sql/pglite';
import { LinuxProcessInspector } from '../../src/processes';
import type { TestHome } from './pm2-home';

/** Secrets by a name that may be shown in a failure. */
export type Secrets = Readonly<Record<string, string | Buffer>>;

/** Content by the name of the place where it was found. */
export type Places = ReadonlyMap<string, string | Buffer>;

const inspector = new LinuxProcessInspector();

/** Returns every place that contains a secret in any form, as `place: secret (form)`. */
export function findSecrets(places: Places, secrets: Secrets): string[] {
  const forms = Object.entries(secrets).flatMap(([name, secret]) => formsOf(secret).map((form) => ({ name, ...form })));
  return [...places].flatMap(([place, content]) => {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    return forms.filter(({ needle }) => bytes.includes(needle)).map(({ name, kind }) => `${place}: ${name} (${kind})`);
  });
}

function formsOf(secret: string | Buffer): { kind: string; needle: Buffer }[] {
  const raw = Buffer.from(secret);
  const text = (kind: string, value: string) => ({ kind, needle: Buffer.from(value) });
  return [
    { kind: 'raw', needle: raw },
    { kind: 'backwards', needle: Buffer.from(raw).reverse() },
    { kind: 'utf-16', needle: Buffer.from(raw.toString('latin1'), 'utf16le') },
    text('hex', raw.toString('hex')),
    text('HEX', raw.toString('hex').toUpperCase()),
    text('base64', raw.toString('base64').replace(/=+$/, '')),
    text('base64url', raw.toString('base64url')),
    // Within a longer text, base64 encodes the same bytes differently at offsets 1 and 2.
    ...[1, 2].map((shift) => text(`base64 at ${shift}`, base64Within(raw, shift))),
  ];
}

/** Returns the base64 characters that encode the bytes at this offset from a multiple of three. */
function base64Within(raw: Buffer, shift: number): string {
  const whole = Buffer.concat([Buffer.alloc(shift), raw]).toString('base64');
  return whole.slice(4, Math.floor((shift + raw.length) / 3) * 4);
}

/**
 * Returns the environment and command line of PM2's daemon and all its descendants, and the command lines of all other
 * processes.
 */
export function placesInProcesses(home: TestHome): Map<string, Buffer> {
  const places = new Map<string, Buffer>();
  const daemon = home.daemonPid() ?? 0;
  const own = new Set<number>();
  const add = (pid: number) => {
    own.add(pid);
    for (const child of inspector.children(pid)) add(child);
  };
  if (daemon !== 0) add(daemon);
  // Processes that left their parent are recognised by their environment.
  for (const { pid } of inspector.all()) {
    if (inspector.environment(pid)?.get('AGENT_ID') !== undefined && mentions(pid, home.root)) own.add(pid);
  }
  for (const pid of own) addProcFile(places, pid, 'environ', pid === daemon ? 'the daemon' : 'an agent');
  for (const { pid } of inspector.all()) if (pid !== process.pid) addProcFile(places, pid, 'cmdline', 'a process');
  return places;
}

function mentions(pid: number, root: string): boolean {
  return [...(inspector.environment(pid)?.values() ?? [])].some((value) => value.startsWith(root));
}

function addProcFile(places: Map<string, Buffer>, pid: number, file: 'environ' | 'cmdline', who: string): void {
  try {
    places.set(`${file} of ${who} (${pid})`, readFileSync(`/proc/${pid}/${file}`));
  } catch {
    // It exited meanwhile.
  }
}

/** Returns every file below a folder by its relative path, except those in `but`. */
export function placesInFiles(root: string, but: readonly string[]): Map<string, Buffer> {
  const places = new Map<string, Buffer>();
  for (const entry of entriesBelow(root)) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !but.includes(file)) places.set(path.relative(root, file), readFileSync(file));
  }
  return places;
}

/** Returns the files that users other than the owner may access. */
export function openToOthers(files: readonly string[]): string[] {
  return files.filter((file) => (lstatSync(file).mode & 0o077) !== 0);
}

function entriesBelow(root: string): Dirent[] {
  return readdirSync(root, { recursive: true, withFileTypes: true });
}

/** Returns everything that a client of PM2's daemon can request, including the daemon's environment. */
export async function placesInPm2(home: TestHome): Promise<Map<string, string>> {
  const socket = axon.socket('req');
  socket.set('retry timeout', 0);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('socket error', reject);
    socket.connect(path.join(home.pm2Home, 'rpc.sock'));
  });
  const client = new axonRpc.Client(socket);
  const ask = (method: string) =>
    new Promise<string>((resolve, reject) => {
      client.call(method, {}, (error, value) => {
        if (error === null) resolve(JSON.stringify(value));
        else reject(error);
      });
    });
  try {
    return new Map([
      ['pm2 jlist', home.pm2('jlist')],
      ['getMonitorData', await ask('getMonitorData')],
      ['getReport', await ask('getReport')],
    ]);
  } finally {
    socket.close();
  }
}

/**
 * Returns every row of every table as text, because the database files are partly compressed. The service must have
 * exited.
 */
export async function placesInDatabase(folder: string): Promise<Map<string, string>> {
  const pglite = await PGlite.create({ dataDir: folder });
  const places = new Map<string, string>();
  try {
    const { rows: tables } = await pglite.query<{ schema: string; name: string }>(`
      select table_schema as schema, table_name as name from information_schema.tables
      where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')
    `);
    for (const { schema, name } of tables) {
      const { rows } = await pglite.query(`select row_to_json(t)::text as row from "${schema}"."${name}" t`);
      places.set(`table ${schema}.${name}`, JSON.stringify(rows));
    }
  } finally {
    await pglite.close();
  }
  return places;
}
