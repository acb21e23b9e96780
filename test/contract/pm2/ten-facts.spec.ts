import { readFileSync } from 'node:fs';
import { LinuxProcessInspector } from '../../../src/processes';
import { makeRawPm2, type RawPm2 } from '../../support/raw-pm2';
import { until } from '../../support/until';

/**
 * Verifies the ten facts about PM2 7.0.4 that the design relies on, on the real daemon. A new version of PM2 that behaves
 * differently fails here.
 */
describe("PM2's daemon, the ten facts that matter most", () => {
  const inspector = new LinuxProcessInspector();
  let pm2: RawPm2;
  let sleeper: string;

  beforeEach(async () => {
    pm2 = await makeRawPm2();
    sleeper = pm2.home.program('sleeper', '#!/bin/sh\nexec sleep 3600\n');
  });

  afterEach(async () => {
    await pm2.destroy();
  });

  const daemonPid = () => pm2.home.daemonPid() ?? 0;
  const events = (name: string) =>
    pm2.packets.flatMap(({ topic, body }) => {
      if (topic !== 'process:event') return [];
      const { event, manually, process } = body as EventBody;
      return process.name === name ? [{ event, manually, status: process.status, exitCode: process.exit_code }] : [];
    });
  const heard = (name: string, event: string) =>
    until(
      () => events(name).find((each) => each.event === event),
      () => `${event} of ${name} is heard; heard ${JSON.stringify(events(name))}`,
    );
  const start = async (name: string, program = sleeper) => {
    const answer = await pm2.prepare(pm2.plan(name, program));
    expect(answer.kind).toBe('answered');
    const entry = (await pm2.list()).find((each) => each.name === name);
    if (entry === undefined) throw new Error(`${name} is not listed`);
    return entry;
  };

  it('1: a frozen daemon executes a call that timed out once it thaws', async () => {
    process.kill(daemonPid(), 'SIGSTOP');
    const answer = await pm2.rpc.call('prepare', { ...prepared(pm2, 'ghost', sleeper) }, 300);
    expect(answer.kind).toBe('unknown');
    process.kill(daemonPid(), 'SIGCONT');
    await until(async () => (await pm2.list()).some(({ name }) => name === 'ghost'), 'the ghost is listed');
  });

  it('1: a call to a daemon that dies settles at once as unknown', async () => {
    process.kill(daemonPid(), 'SIGSTOP');
    const answer = pm2.rpc.call('prepare', { ...prepared(pm2, 'ghost', sleeper) }, 60_000);
    process.kill(daemonPid(), 'SIGKILL');
    expect((await answer).kind).toBe('unknown');
    expect(pm2.rpc.isOpen).toBe(false);
    expect((await pm2.rpc.call('ping', {})).kind).toBe('not-sent');
  });

  it('2: names are not unique', async () => {
    await Promise.all([pm2.prepare(pm2.plan('twice', sleeper)), pm2.prepare(pm2.plan('twice', sleeper))]);
    const pids = (await pm2.list()).map(({ pid }) => pid);
    expect(new Set(pids).size).toBe(2);
  });

  it('3: a death by a signal has exit code 0; only the log names the signal', async () => {
    const { pid, pm_id } = await start('shot');
    process.kill(pid ?? 0, 'SIGKILL');
    expect(await heard('shot', 'exit')).toMatchObject({ status: 'stopped', exitCode: 0 });
    const lines = pm2.packets
      .filter(({ topic }) => topic === 'log:PM2')
      .map(({ body }) => (body as { data: string }).data);
    expect(lines).toContain(`App [shot:${pm_id}] exited with code [0] via signal [SIGKILL]\n`);
  });

  it('4: a program that cannot be executed is reported as online without a pid, and can be stopped', async () => {
    await start('other');
    const answer = await pm2.prepare(pm2.plan('bad', pm2.home.program('bad', '#!/does/not/exist\n')));
    expect(answer.kind).toBe('answered');
    const entry = (await pm2.list()).find(({ name }) => name === 'bad');
    expect(entry?.pid).toBeUndefined();
    expect(entry?.pm2_env.status).toBe('online');
    // One such entry makes PM2 fail to measure all the others.
    expect((await pm2.list()).find(({ name }) => name === 'other')?.monit.memory).toBe(0);
    await pm2.call('stopProcessId', entry?.pm_id);
    const after = await pm2.list();
    expect(after.find(({ name }) => name === 'bad')?.pm2_env.status).toBe('stopped');
    expect(after.find(({ name }) => name === 'other')?.monit.memory).toBeGreaterThan(0);
    expect(events('bad').map(({ event }) => event)).not.toContain('exit');
  });

  it("5: prepare with a hand-built object leaks neither the caller's nor the daemon's environment", async () => {
    process.env.SECRET_OF_THE_CALLER = 'must-not-travel';
    try {
      const { pid } = await start('clean');
      const names = [...(inspector.environment(pid ?? 0)?.keys() ?? [])];
      expect(names).toContain('TEST_ROOT');
      // PM2's own variables are in lower case, except these. The shell sets PWD.
      const known = ['TEST_ROOT', 'PATH', 'PWD', 'NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE'];
      expect(names.filter((name) => /^[A-Z]/.test(name) && !known.includes(name))).toEqual([]);
    } finally {
      delete process.env.SECRET_OF_THE_CALLER;
    }
  });

  it('5: a daemon that the supervisor starts gets a minimal environment', () => {
    const names = [...(inspector.environment(daemonPid())?.keys() ?? [])];
    const expected = ['PM2_HOME', 'SILENT', 'PM2_DISABLE_VERSION_CHECK', 'PM2_KILL_SIGNAL', 'NODE_CHANNEL_FD'];
    const passed = [
      'PATH',
      'HOME',
      'USER',
      'LANG',
      'LC_ALL',
      'TZ',
      'TMPDIR',
      'SHELL',
      'NODE_CHANNEL_SERIALIZATION_MODE',
    ];
    expect(names.filter((name) => ![...expected, ...passed].includes(name))).toEqual([]);
  });

  it('6: the client cannot call the method that kills the daemon for a stopped process', () => {
    const source = readFileSync(require.resolve('../../../src/processes/pm2/rpc-client.ts'), 'utf8');
    const methods = /export type RpcMethod =([^;]*);/.exec(source)?.[1] ?? '';
    expect(methods).toContain("'prepare'");
    expect(methods).not.toContain('sendSignal');
    expect(methods).not.toContain('killMe');
  });

  it('7: agents survive kill -9 of the daemon, and the next daemon has an empty list', async () => {
    const { pid } = await start('orphan');
    const before = daemonPid();
    process.kill(before, 'SIGKILL');
    const orphaned = () => {
      const facts = inspector.facts(pid ?? 0);
      return facts !== null && facts.parentPid !== before;
    };
    await until(orphaned, 'the agent has another parent');
    await pm2.reconnect();
    expect(await pm2.list()).toEqual([]);
  });

  it('9: a delete reports only the exit, and nothing for a stopped process', async () => {
    const { pm_id } = await start('gone');
    pm2.home.pm2('delete', 'gone');
    expect((await pm2.list()).some((each) => each.pm_id === pm_id)).toBe(false);
    await heard('gone', 'exit');
    expect(new Set(events('gone').map(({ event }) => event))).toEqual(new Set(['start', 'online', 'exit']));
    const stopped = await start('quiet');
    process.kill(stopped.pid ?? 0, 'SIGKILL');
    await heard('quiet', 'exit');
    const before = events('quiet').length;
    pm2.home.pm2('delete', 'quiet');
    expect(events('quiet').length).toBe(before);
  });

  it('10: PM2 never restarts an agent by itself', async () => {
    const plan = pm2.plan('crasher', pm2.home.program('crasher', '#!/bin/sh\necho x >> starts\nexit 1\n'));
    await pm2.prepare(plan);
    await heard('crasher', 'exit');
    // PM2 would restart within a few milliseconds, so some round trips through its queue suffice.
    for (let round = 0; round < 20; round += 1) await pm2.list();
    expect(readFileSync(`${pm2.home.agentsDir}/starts`, 'utf8')).toBe('x\n');
    const record = (await pm2.list())[0]?.pm2_env ?? {};
    expect(record).toMatchObject({ autorestart: false, status: 'stopped' });
    for (const member of ['max_memory_restart', 'cron_restart', 'exp_backoff_restart_delay', 'restart_delay'])
      expect(record[member]).toBeUndefined();
    expect(record.watch).not.toBe(true);
  });
});

interface EventBody {
  readonly event: string;
  readonly manually?: boolean;
  readonly process: { readonly name: string; readonly status?: string; readonly exit_code?: number };
}

function prepared(pm2: RawPm2, name: string, program: string): object {
  const { agentId, env } = pm2.plan(name, program);
  return {
    ...{ name: agentId, namespace: 'agents', pm_exec_path: program, args: [], exec_interpreter: 'none' },
    ...{ exec_mode: 'fork_mode', pm_cwd: pm2.home.agentsDir, autorestart: false, autostart: true, env },
    ...{ pm_out_log_path: `${pm2.home.pm2Home}/logs/o`, pm_err_log_path: `${pm2.home.pm2Home}/logs/e` },
    ...{ pm_pid_path: `${pm2.home.pm2Home}/pids/${name}.pid`, vizion: false, pmx: false, merge_logs: true },
  };
}
