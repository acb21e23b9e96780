import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { SystemClock } from '../../../src/config';
import {
  LinuxProcessInspector,
  mintAgentToken,
  Pm2ProcessManager,
  type ProcessInspector,
} from '../../../src/processes';
import { MacProcessInspector } from '../../../src/processes/process-table/mac-process-inspector';
import { markOf, treeOf } from '../../../src/processes/process-table/process-tree';
import { makeTempFolder } from '../../support/temp-folder';
import { until } from '../../support/until';

const KEY = randomBytes(32);

/**
 * Creates the macOS inspector on Linux, to test it on a real process table. It translates what differs: the option for
 * the environment, and the boot ID, which is a file.
 */
function byPsOfLinux(): ProcessInspector {
  return new MacProcessInspector((program, args) => {
    if (program.endsWith('sysctl')) return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    const words = args.filter((word) => word !== '-E');
    if (words.length < args.length) words.push('e');
    return execFileSync(program, words, {
      ...{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 * 1024 * 1024 },
      env: { LC_ALL: 'C', TZ: 'UTC0' },
    });
  });
}

/** Returns false for older versions of ps, whose start times vary by a second. */
function hasFittingPs(): boolean {
  try {
    return execFileSync('/bin/ps', ['--version'], { encoding: 'utf8' }).includes('procps-ng 4');
  } catch {
    return false;
  }
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // The group is empty.
  }
}

type Reader = [string, NodeJS.Platform, () => ProcessInspector];
const READERS: Reader[] = [
  ['/proc of Linux', 'linux', () => new LinuxProcessInspector()],
  ...(hasFittingPs() ? ([['ps, as on macOS, with that of Linux', 'linux', byPsOfLinux]] satisfies Reader[]) : []),
  ['ps of macOS', 'darwin', () => new MacProcessInspector()],
];

describe.each(READERS.filter(([, platform]) => platform === process.platform))('%s', (_name, _platform, make) => {
  const folder = makeTempFolder();
  const children: ChildProcess[] = [];
  let inspector: ProcessInspector;

  beforeEach(() => {
    inspector = make();
  });

  afterEach(async () => {
    for (const child of children.splice(0)) {
      // Its descendants are in its group, even after it exited.
      const exited = child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit');
      killGroup(child.pid ?? 0);
      await exited;
    }
  });

  afterAll(() => {
    folder.remove();
  });

  /** Starts node, because macOS shows its environment. It leads its session, like everything that PM2 launches. */
  async function start(script: string, env: Readonly<Record<string, string>> = {}): Promise<number> {
    const child = spawn(process.execPath, ['-e', `${script};process.stdout.write('up\\n');setInterval(() => 0, 1e6)`], {
      ...{ detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
      env: { PATH: process.env.PATH ?? '', ...env },
    });
    children.push(child);
    if (child.pid === undefined) throw new Error('node did not start');
    await once(child.stdout, 'data');
    return child.pid;
  }

  const SLEEPS = `require('node:child_process').spawn('sleep', ['3600'], { stdio: 'ignore' })`;
  const isGone = (pid: number) => () => inspector.facts(pid) === null;

  it('shows a process, its parent, its session, and the same start time on every read', async () => {
    const pid = await start('');
    const facts = inspector.facts(pid);
    expect(facts).toMatchObject({ pid, parentPid: process.pid, sessionId: pid });
    for (let look = 0; look < 5; look += 1) {
      expect(make().facts(pid)).toEqual(facts);
      expect(inspector.all().find((each) => each.pid === pid)).toEqual(facts);
      expect(inspector.isAlive({ pid, startTime: facts?.startTime ?? null })).toBe(true);
    }
    expect(inspector.children(process.pid)).toContain(pid);
    expect(inspector.facts(process.pid)?.startTime).toBeLessThanOrEqual(facts?.startTime ?? 0);
  });

  it('shows the tree below a process, and the rest of its session after it exited', async () => {
    const pid = await start(SLEEPS);
    const [below] = inspector.children(pid);
    expect(inspector.facts(below ?? 0)).toMatchObject({ parentPid: pid, sessionId: pid });
    const root = { pid, startTime: inspector.facts(pid)?.startTime ?? null };
    const pids = () => treeOf([root], inspector.all()).map((each) => each.pid);
    expect(pids()).toEqual([pid, below]);
    process.kill(pid, 'SIGKILL');
    await until(isGone(pid), 'the process is gone');
    expect(pids()).toEqual([below]);
    process.kill(below ?? 0, 'SIGKILL');
    await until(isGone(below ?? 0), 'its child is gone');
  });

  it('shows the initial environment of a process, and finds its mark among lookalikes', async () => {
    const mark = { agentId: 'a', runId: randomUUID() };
    const pid = await start('process.env.AGENT_ID = "changed"; 0 && "AGENT_TOKEN=in-an-argument"', {
      ...{ AGENT_ID: 'a', AGENT_NAME: 'One, two', AGENT_TOKEN: mintAgentToken(mark, KEY) },
      ZZZ: 'a text with AGENT_TOKEN=no in it',
    });
    const environment = inspector.environment(pid);
    expect([environment?.get('AGENT_ID'), environment?.get('AGENT_NAME')]).toEqual(['a', 'One, two']);
    expect(markOf(pid, inspector, KEY)).toEqual(mark);
    expect(markOf(pid, inspector, randomBytes(32))).toBeNull();
    expect(inspector.valuesOf(pid, 'NOT_THERE')).toEqual([]);
  });

  it('shows neither a killed process nor a zombie', async () => {
    // The parent is stopped, so that nothing reaps its child.
    const pid = await start(SLEEPS);
    const [below] = inspector.children(pid);
    const child = { pid: below ?? 0, startTime: inspector.facts(below ?? 0)?.startTime ?? null };
    process.kill(pid, 'SIGSTOP');
    process.kill(child.pid, 'SIGKILL');
    await until(isGone(child.pid), 'the zombie is not shown');
    expect(() => process.kill(child.pid, 0)).not.toThrow(); // but it still exists
    expect([inspector.isAlive(child), inspector.environment(child.pid)]).toEqual([false, null]);
    expect(inspector.all().map((each) => each.pid)).not.toContain(child.pid);
    process.kill(pid, 'SIGKILL');
    await until(isGone(pid), 'the parent is gone');
    expect(inspector.facts(2 ** 22 + 1)).toBeNull();
  });

  it('shows one boot ID', () => {
    expect(inspector.bootId()).toMatch(/^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$/);
    expect(make().bootId()).toBe(inspector.bootId());
  });

  it('distinguishes a process from an earlier one with its pid, which is never signalled', async () => {
    const pid = await start('');
    const startTime = inspector.facts(pid)?.startTime ?? 0;
    const before = { pid, startTime: startTime - 1 };
    expect(inspector.isAlive(before)).toBe(false);
    const runtime = new Pm2ProcessManager({ pm2Home: folder.root, clock: new SystemClock(), inspector, key: KEY });
    expect(await runtime.terminateProcess(before, 50)).toEqual({ kind: 'gone' });
    const target = { agentId: 'a', runId: randomUUID(), process: before };
    expect(await runtime.terminate(target, 50)).toEqual({ kind: 'gone' });
    expect(inspector.isAlive({ pid, startTime })).toBe(true);
    // Proves that it was not spared for another reason.
    expect(await runtime.terminateProcess({ pid, startTime }, 2_000)).toEqual({ kind: 'gone' });
    expect(inspector.facts(pid)).toBeNull();
    await runtime.close();
  });
});

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('an environment in /proc', () => {
  it('is whole at every read while the process replaces its program again and again', async () => {
    // Launchers like those of pyenv and nvm do it a few times before the agent's own program runs.
    const child = spawn('sh', ['-c', 'printf x; exec sh -c "$0" "$0"', 'exec sh -c "$0" "$0"'], {
      env: { PATH: process.env.PATH, AGENT_TOKEN: 'mine', LAST: 'not UTF-8 \xff' },
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    try {
      await once(child.stdout, 'data');
      const inspector = new LinuxProcessInspector();
      const seen = new Set(Array.from({ length: 5_000 }, () => inspector.valuesOf(child.pid ?? 0, 'AGENT_TOKEN')[0]));
      expect([...seen]).toStrictEqual(['mine']);
    } finally {
      killGroup(child.pid ?? 0);
      await once(child, 'exit');
    }
  });

  it('is read once where it is really empty', async () => {
    const child = spawn('sleep', ['60'], { env: {}, stdio: 'ignore', detached: true });
    try {
      const inspector = new LinuxProcessInspector();
      await until(() => inspector.facts(child.pid ?? 0) !== null, 'it is there');
      const waits = jest.spyOn(Atomics, 'wait');
      expect(inspector.environment(child.pid ?? 0)).toBeNull();
      expect(waits).not.toHaveBeenCalled();
      waits.mockRestore();
    } finally {
      killGroup(child.pid ?? 0);
      await once(child, 'exit');
    }
  });
});
