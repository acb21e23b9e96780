import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { LinuxProcessInspector } from '../../../src/processes';
import { DaemonSocket } from '../../../src/processes/pm2/daemon-socket';

const LISTEN = "require('node:net').createServer().listen(process.argv[1], () => process.stdout.write('listens'))";

describe('the RPC socket', () => {
  const inspector = new LinuxProcessInspector();
  let folder: string;
  let socket: DaemonSocket;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-socket-'));
    socket = new DaemonSocket(folder, inspector);
  });

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the listener on one processor, because Linux numbers sockets per processor. */
  async function listen(processor: number): Promise<number> {
    const cpu = String(processor % availableParallelism());
    const child = spawn('taskset', ['-c', cpu, process.execPath, '-e', LISTEN, socket.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child.pid ?? 0;
  }

  it('has no answering process if none listens', async () => {
    expect(await socket.findAnsweringPid()).toBeNull();
    expect(socket.findAcceptors(socket.readSockets())).toEqual([]);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])(
    'is answered by the process that bound it last, whatever the socket numbers (processors %i, %i)',
    async (one, two) => {
      const first = await listen(one);
      expect(await socket.findAnsweringPid()).toBe(first);
      renameSync(socket.path, `${socket.path}.gone`);
      expect(await socket.findAnsweringPid()).toBeNull();
      const second = await listen(two);
      expect(await socket.findAnsweringPid()).toBe(second);
      expect(socket.findSocketsOf(first)).toHaveLength(1);
    },
  );

  it('has two candidates without a connection if two processes listen', async () => {
    const first = await listen(0);
    renameSync(socket.path, `${socket.path}.gone`);
    const second = await listen(1);
    expect(new Set(socket.findAcceptors(socket.readSockets()))).toEqual(new Set([first, second]));
  });

  it('has no known answering process if two listen and one does not accept', async () => {
    await listen(0);
    renameSync(socket.path, `${socket.path}.gone`);
    process.kill(await listen(1), 'SIGSTOP');
    expect(await socket.findAnsweringPid()).toBeNull();
  });
});
