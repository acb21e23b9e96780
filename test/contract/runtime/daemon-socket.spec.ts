import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { LinuxProcessInspector } from '../../../src/runtime';
import { DaemonSocket } from '../../../src/runtime/pm2/daemon-socket';

const LISTEN = "require('node:net').createServer().listen(process.argv[1], () => process.stdout.write('listens'))";

describe('the socket of PM2', () => {
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

  /** On one processor: Linux numbers sockets by the processor on which they were made. */
  async function listen(processor: number): Promise<number> {
    const cpu = String(processor % availableParallelism());
    const child = spawn('taskset', ['-c', cpu, process.execPath, '-e', LISTEN, socket.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
    return child.pid ?? 0;
  }

  it('answers by nobody where nobody listens', async () => {
    expect(await socket.whoAnswers()).toBeNull();
    expect(socket.reached(socket.now())).toEqual([]);
  });

  it.each([
    [0, 1],
    [1, 0],
  ])('answers by who bound it last, whatever the numbers of the sockets (processors %i, %i)', async (one, two) => {
    const first = await listen(one);
    expect(await socket.whoAnswers()).toBe(first);
    renameSync(socket.path, `${socket.path}.gone`);
    expect(await socket.whoAnswers()).toBeNull();
    const second = await listen(two);
    expect(await socket.whoAnswers()).toBe(second);
    expect(socket.of(first)).toHaveLength(1);
  });

  it('is not clear without a connection where two listen', async () => {
    const first = await listen(0);
    renameSync(socket.path, `${socket.path}.gone`);
    const second = await listen(1);
    expect(new Set(socket.reached(socket.now()))).toEqual(new Set([first, second]));
  });

  it('of a process that does not accept is not clear where two listen', async () => {
    await listen(0);
    renameSync(socket.path, `${socket.path}.gone`);
    process.kill(await listen(1), 'SIGSTOP');
    expect(await socket.whoAnswers()).toBeNull();
  });
});
