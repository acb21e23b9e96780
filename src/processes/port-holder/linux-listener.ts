import { createReadStream, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as nextStep } from 'node:timers/promises';
import type { Listener } from './port-holders';
import { programOf } from './program-name';
import { parseListeners } from './tcp-table';

/** Limit of each table; it holds some 28,000 sockets. The kernel lists those that listen first. */
const TABLE_BYTES = 4 * 1024 * 1024;
const COMMAND_BYTES = 4_096;
/**
 * Reads within one step of the event loop; they take about a millisecond. They are synchronous: the kernel answers from
 * memory, and a read by the thread pool costs several times as much.
 */
const READS_PER_STEP = 128;

/** Finds the process that listens on a port, in /proc of Linux. */
export async function findListenerInProc(
  port: number,
  signal: AbortSignal,
  folder = '/proc',
): Promise<Listener | null> {
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => read(`${folder}/net/${name}`, TABLE_BYTES, signal)));
  const links = new Set(tables.flatMap((table) => parseListeners(table, port)).map((inode) => `socket:[${inode}]`));
  const pid = links.size === 0 ? null : await findHolder(links, signal, folder);
  if (pid === null) return null;
  const [commandLine, name] = await Promise.all([
    read(`${folder}/${pid}/cmdline`, COMMAND_BYTES, signal),
    read(`${folder}/${pid}/comm`, COMMAND_BYTES, signal),
  ]);
  // It exited meanwhile. A process that is alive has a name.
  return name === '' ? null : { pid, program: programOf(commandLine.split('\0'), name.trimEnd()) };
}

/** Returns the lowest pid with a descriptor of one of the sockets. */
async function findHolder(links: ReadonlySet<string>, signal: AbortSignal, folder: string): Promise<number | null> {
  let left = READS_PER_STEP;
  for (const { pid, link } of readLinks(folder)) {
    if (links.has(link)) return pid;
    left -= 1;
    if (left > 0) continue;
    left = READS_PER_STEP;
    await nextStep(undefined, { signal });
  }
  return null;
}

/** Yields the descriptors of every process, and one empty link for a process, whose list is a read too. */
function* readLinks(folder: string): Generator<{ readonly pid: number; readonly link: string }> {
  for (const pid of listPids(folder)) {
    const descriptors = `${folder}/${pid}/fd`;
    yield { pid, link: '' };
    for (const descriptor of list(descriptors)) yield { pid, link: readLink(`${descriptors}/${descriptor}`) };
  }
}

function listPids(folder: string): number[] {
  return list(folder)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((one, other) => one - other);
}

/** Returns nothing if the process exited meanwhile or belongs to another user. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // it was closed meanwhile
  }
}

/** Reads the start of a file. Returns an empty text if it cannot be read. Rejects if the signal aborts. */
async function read(path: string, maxBytes: number, signal: AbortSignal): Promise<string> {
  let text = '';
  try {
    for await (const chunk of createReadStream(path, { encoding: 'utf8', end: maxBytes - 1, signal })) {
      text += String(chunk);
    }
  } catch {
    signal.throwIfAborted();
    return '';
  }
  return text;
}
