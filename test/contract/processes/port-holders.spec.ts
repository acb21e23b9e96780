import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { SystemClock } from '../../../src/config';
import { mintAgentToken, type PortHolders } from '../../../src/processes';
import { findListenerByLsof } from '../../../src/processes/port-holder/mac-listener';
import { SystemPortHolders } from '../../../src/processes/port-holder/system-port-holders';
import { markOf } from '../../../src/processes/process-table/process-tree';
import { createPortHolders, createProcessInspector } from '../../../src/processes/processes.module';
import { makeTempFolder } from '../../support/temp-folder';

const KEY = randomBytes(32);
/** Far above what a read takes, also on a busy machine. */
const LIMIT_MS = 60_000;

const inspector = createProcessInspector();
const agentOf = (pid: number) => markOf(pid, inspector, KEY)?.agentId ?? null;

/** Runs what macOS runs, with the programs of Linux, which are in other folders. */
function byLsofOfLinux(): PortHolders {
  const find = findListenerByLsof(
    (program, args, signal) =>
      new Promise((resolve) => {
        const name = program.slice(program.lastIndexOf('/') + 1);
        execFile(name, args, { encoding: 'utf8', signal }, (_error, stdout) => {
          resolve(stdout);
        });
      }),
  );
  return new SystemPortHolders(find, agentOf, new SystemClock());
}

function hasLsof(): boolean {
  try {
    execFileSync('lsof', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

type Reader = [string, NodeJS.Platform, () => PortHolders];
const READERS: Reader[] = [
  ['/proc of Linux', 'linux', () => createPortHolders(new SystemClock(), agentOf)],
  ...(hasLsof() ? ([['lsof, as on macOS, on Linux', 'linux', byLsofOfLinux]] satisfies Reader[]) : []),
  ['lsof of macOS', 'darwin', () => createPortHolders(new SystemClock(), agentOf)],
];

const LISTENS = (options: string) => `
  const server = require('node:net').createServer();
  server.listen(${options}, () => process.stdout.write(String(server.address().port) + '\\n'));
  server.on('error', (error) => process.stdout.write(error.code + '\\n'));
`;

describe.each(READERS.filter(([, platform]) => platform === process.platform))('%s', (_name, _platform, make) => {
  const folder = makeTempFolder();
  const children: ChildProcess[] = [];
  let holders: PortHolders;

  beforeEach(() => {
    holders = make();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  afterAll(() => {
    folder.remove();
  });

  /** Starts a listener. @returns its pid, and the port or the code of its error */
  async function start(options: string, env: Readonly<Record<string, string>> = {}) {
    const file = folder.file('listener.js', LISTENS(options));
    const child = spawn(process.execPath, ['--no-warnings', file, '--token', 'secret'], {
      ...{ stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH ?? '', ...env } },
    });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { child, pid: child.pid ?? 0, answer: line.toString().trim() };
  }

  it.each([
    ['on loopback by IPv4', '0, "127.0.0.1"'],
    ['on every address by IPv4', '0, "0.0.0.0"'],
    ['on loopback by IPv6', '0, "::1"'],
    ['on every address', '0'],
  ])('shows a process that listens %s', async (_, options) => {
    const { pid, answer } = await start(options);
    if (/^E(?:ADDRNOTAVAIL|AFNOSUPPORT)$/.test(answer)) return; // this machine has no IPv6
    const holder = { pid, program: 'node listener.js', agentId: null };
    expect(await holders.holderOf(Number(answer), LIMIT_MS)).toEqual(holder);
  });

  it('shows the agent of a process', async () => {
    const token = mintAgentToken({ agentId: 'crawler', runId: randomUUID() }, KEY);
    const { answer } = await start('0, "127.0.0.1"', { AGENT_TOKEN: token });
    expect((await holders.holderOf(Number(answer), LIMIT_MS))?.agentId).toBe('crawler');
  });

  it('shows nothing once the process is gone', async () => {
    const { child, answer } = await start('0, "127.0.0.1"');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await holders.holderOf(Number(answer), LIMIT_MS)).toBeNull();
  });

  it('shows the listener, and nothing on the port of a client', async () => {
    const { pid, answer } = await start('0, "127.0.0.1"');
    const client = connect(Number(answer), '127.0.0.1');
    try {
      await once(client, 'connect');
      expect((await holders.holderOf(Number(answer), LIMIT_MS))?.pid).toBe(pid);
      expect(await holders.holderOf(client.localPort ?? 0, LIMIT_MS)).toBeNull();
    } finally {
      client.destroy();
    }
  });
});
