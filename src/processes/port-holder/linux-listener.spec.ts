import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeTempFolder, type TempFolder } from '../../../test/support/temp-folder';
import { findListenerInProc } from './linux-listener';

const PORT = 3000;
const SOCKET = 'socket:[53001]';
const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const row = (inode: number) =>
  `   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 00000000e9035c19 100 0 0 10 0`;

let proc: TempFolder;
beforeEach(() => {
  proc = makeTempFolder();
  mkdirSync(proc.at('net'));
  listen('tcp', 53001);
});
afterEach(() => {
  proc.remove();
});

function listen(table: 'tcp' | 'tcp6', inode: number): void {
  writeFileSync(proc.at(`net/${table}`), [HEADER, row(inode), ''].join('\n'));
}

/** Adds a process with these descriptors. Like those in /proc, the links lead nowhere. */
function addProcess(pid: number, links: readonly string[], commandLine = 'node\0server.js\0--secret\0'): void {
  const folder = proc.at(String(pid));
  mkdirSync(path.join(folder, 'fd'), { recursive: true });
  links.forEach((link, index) => {
    symlinkSync(link, path.join(folder, 'fd', String(index)));
  });
  writeFileSync(path.join(folder, 'cmdline'), commandLine);
  writeFileSync(path.join(folder, 'comm'), 'MainThread\n');
}

function remove(name: string): void {
  rmSync(proc.at(name), { recursive: true });
}

const find = (signal = new AbortController().signal) => findListenerInProc(PORT, signal, proc.root);

describe('the process that listens on a port, in /proc', () => {
  it('has a descriptor of the socket', async () => {
    addProcess(900, ['/dev/null', 'socket:[1]']);
    addProcess(4711, ['/dev/null', 'pipe:[53001]', SOCKET]);
    expect(await find()).toEqual({ pid: 4711, program: 'node server.js' });
  });

  it('is the one with the lowest pid if several share the socket', async () => {
    for (const pid of [1002, 999, 1001]) addProcess(pid, [SOCKET]);
    expect((await find())?.pid).toBe(999);
  });

  it('is found in the table of IPv6, and without that of IPv4', async () => {
    listen('tcp6', 60_000);
    addProcess(4711, ['socket:[60000]']);
    expect((await find())?.pid).toBe(4711);
    remove('net/tcp');
    expect((await find())?.pid).toBe(4711);
  });

  it('is found behind thousands of descriptors, and the event loop is not blocked', async () => {
    const links = Array.from({ length: 1_500 }, (_, index) => `socket:[${index}]`);
    for (const pid of [901, 902]) addProcess(pid, links);
    addProcess(4711, [SOCKET]);
    let steps = 0;
    const count = () => {
      steps += 1;
      counting = setImmediate(count);
    };
    let counting = setImmediate(count);
    expect((await find())?.pid).toBe(4711);
    clearImmediate(counting);
    expect(steps).toBeGreaterThan(20);
  });

  it.each<[string, () => void]>([
    ['if its descriptors cannot be listed', () => remove('4711/fd')],
    ['if it exits before its name is read', () => remove('4711/comm')],
    ['if nothing listens on the port', () => writeFileSync(proc.at('net/tcp'), HEADER)],
    ['if there are no tables', () => remove('net')],
  ])('is unknown %s', async (_, change) => {
    addProcess(4711, [SOCKET]);
    change();
    expect(await find()).toBeNull();
  });

  it('is unknown if no process has the socket', async () => {
    addProcess(4711, ['socket:[1]', 'socket:[530011]', '[53001]', 'pipe:[53001]']);
    expect(await find()).toBeNull();
  });

  it('has the name of its thread if it hides its command line', async () => {
    addProcess(4711, [SOCKET], '');
    expect(await find()).toEqual({ pid: 4711, program: 'MainThread' });
  });

  it('is not searched for any longer once the signal aborts', async () => {
    addProcess(4711, [SOCKET]);
    await expect(find(AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    const aborter = new AbortController();
    const links = Array.from({ length: 500 }, (_, index) => `socket:[${index}]`);
    addProcess(900, links);
    const finding = find(aborter.signal);
    setImmediate(() => {
      aborter.abort();
    });
    await expect(finding).rejects.toThrow();
  });
});
