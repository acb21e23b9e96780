import { spawn } from 'node:child_process';
import { LinuxProcessInspector } from '../../src/runtime';
import { makeTestHome } from '../support/pm2-home';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents, witness, type Witness } from '../support/witness';

/** PM2's daemon dies, hangs, or is ended by a person; the agents are what counts. */
describe("whatever becomes of PM2's daemon", () => {
  const inspector = new LinuxProcessInspector();
  const agents = { python: 'sleeper.py', node: 'sleeper.js', shell: 'sleeper.sh', another: 'sleeper.sh' };
  const ids = Object.keys(agents);
  let service: TestService;
  let watching: Witness;
  /** A shell itself starts what we have started: for a moment there are two, until the second is ended. */
  let shellDoubles = false;

  beforeAll(async () => {
    service = await makeService();
    for (const [agentId, entryPoint] of Object.entries(agents)) {
      await service.api.register({ agentId, name: agentId, entryPoint });
    }
    await service.api.register({ agentId: 'stopped', name: 'stopped', entryPoint: 'sleeper.sh' });
    service.home.pm2('start', `${service.home.agentsDir}/sleeper.sh`, '--name', 'not-ours', '--interpreter', 'sh');
  });

  beforeEach(async () => {
    for (const agentId of ids) await service.api.spawn(agentId);
    await allRunOnce();
    // Whoever died in the test before has proved itself stable again.
    await until(async () => [...(await failures())].join() === 'CLOSED 0', 'no failure is counted any more');
    watching = witness(service);
    shellDoubles = false;
  });

  afterEach(async () => {
    await watching.stop();
    expect(watching.failedReads).toEqual([]);
    if (!shellDoubles) expect(watching.doubles).toEqual([]);
    expect(watching.counts.looks).toBeGreaterThan(3);
    expect(watching.counts.reads).toBeGreaterThan(3);
  });

  afterAll(async () => {
    await service.destroy();
  });

  const daemonPid = () => service.home.daemonPid() ?? 0;
  const restartsOf = async () => (await service.api.agents()).map(({ agentId, restarts }) => `${agentId} ${restarts}`);

  /** Each desired agent lives exactly once, stands in PM2's list, and the API says the same. */
  async function allRunOnce(timeoutMs = 40_000): Promise<void> {
    let last: unknown;
    await until(
      async () => {
        const living = livingAgents(service.home);
        const listed = await service.home.listInShell();
        const views = await service.api.agents();
        last = { living: [...living], views: views.map(({ agentId, pid, status }) => [agentId, pid, status]) };
        return ids.every((agentId) => {
          const [pid, ...others] = living.get(agentId) ?? [];
          const entries = listed.filter(({ name }) => name === agentId);
          const view = views.find((each) => each.agentId === agentId);
          return (
            pid !== undefined &&
            others.length === 0 &&
            entries.length === 1 &&
            entries[0]?.pid === pid &&
            view?.pid === pid &&
            view.status === 'running'
          );
        });
      },
      () => `every agent runs once and is listed; last: ${JSON.stringify(last)}`,
      timeoutMs,
    );
    expect(livingAgents(service.home).has('stopped')).toBe(false);
  }

  const failures = async () =>
    new Set((await service.api.agents()).map(({ circuit }) => `${circuit.state} ${circuit.failureCount}`));
  const noFailureIsCounted = async () => {
    expect(await failures()).toEqual(new Set(['CLOSED 0']));
  };

  it('killed: what it left behind is ended, then started under a new one, and no failure is counted', async () => {
    const before = livingAgents(service.home);
    const daemon = daemonPid();
    process.kill(daemon, 'SIGKILL');
    await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    await allRunOnce();
    const now = livingAgents(service.home);
    for (const agentId of ids) expect(now.get(agentId)).not.toEqual(before.get(agentId));
    for (const pids of before.values()) for (const pid of pids) expect(inspector.facts(pid)).toBeNull();
    await noFailureIsCounted();
    const types = (await service.api.events()).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['daemon.lost', 'daemon.restored', 'agent.orphan-reaped']));
  });

  it('killed three times in a row while agents die: each runs once in the end', async () => {
    for (let round = 0; round < 3; round += 1) {
      const daemon = daemonPid();
      process.kill(daemon, 'SIGKILL');
      for (const pids of livingAgents(service.home).values()) if (round > 0) process.kill(pids[0] ?? 0, 'SIGKILL');
      await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    }
    await allRunOnce();
  });

  it('frozen for 15 s: what dies meanwhile is back afterwards, once; a stop acts at once, and stays', async () => {
    const daemon = daemonPid();
    process.kill(daemon, 'SIGSTOP');
    const thawAt = performance.now() + 15_000;
    const { pid } = await service.api.agent('python');
    process.kill(pid ?? 0, 'SIGKILL');
    await service.api.terminate('another');
    expect(livingAgents(service.home).has('another')).toBe(false);
    const spawned = await service.api.post<{ code: string }>('/api/agents/stopped/spawn');
    expect([spawned.status, spawned.body.code]).toEqual([503, 'process-manager-unavailable']);
    await until(async () => (await service.api.get('/health/ready')).status === 503, 'readiness shows it');
    await until(() => performance.now() > thawAt, 'the time is over');
    process.kill(daemon, 'SIGCONT');
    await until(async () => (await service.api.get('/health/ready')).status === 200, 'it is ready again');
    expect(await service.api.agent('another')).toMatchObject({ status: 'stopped', pid: null });
    await service.api.terminate('stopped');
    await service.api.spawn('another');
    await allRunOnce();
    expect(daemonPid()).toBe(daemon);
  });

  it('restarted by hand: its agents are desired, and come back once', async () => {
    const daemon = daemonPid();
    process.kill(daemon, 'SIGKILL');
    await service.home.inShell('ls');
    await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    await allRunOnce();
    await noFailureIsCounted();
  });

  it('killed and resurrected beside living orphans: each runs once, under the new one', async () => {
    shellDoubles = true;
    await service.home.inShell('save');
    // With their start times: a pid of before may be somebody else's by now.
    const before = [...livingAgents(service.home).values()].flat().flatMap((pid) => inspector.facts(pid) ?? []);
    process.kill(daemonPid(), 'SIGKILL');
    await service.home.inShell('resurrect');
    await allRunOnce();
    await until(() => !before.some((process_) => inspector.isAlive(process_)), 'nothing of before lives');
  });

  it('updated by a person: what ran runs again, and is no failure', async () => {
    const daemon = daemonPid();
    await service.home.inShell('update');
    await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    await allRunOnce();
    await noFailureIsCounted();
    expect((await restartsOf()).length).toBeGreaterThan(0);
  });

  it('ended by a person: everything stays stopped, and no daemon is started, until a person spawns', async () => {
    await service.home.inShell('kill');
    await until(
      async () =>
        (await service.api.agents()).every(({ desiredState, pid }) => desiredState === 'stopped' || pid === null),
      'nothing runs',
    );
    await until(
      async () =>
        (await service.api.agents()).every(
          ({ agentId, desiredState }) => !ids.includes(agentId) || desiredState === 'stopped',
        ),
      'it is understood as a stop',
      60_000,
    );
    expect(service.home.daemonPid()).toBeNull();
    expect(livingAgents(service.home).size).toBe(0);
    await service.api.spawn('python');
    expect(service.home.list().map(({ name }) => name)).toContain('python');
  });
});

it('an app of somebody else in the same PM2 is left alone, through all that we do', async () => {
  const service = await makeService();
  try {
    const { home } = service;
    const script = home.program('theirs.sh', '#!/bin/sh\nexec sleep 1000\n');
    home.pm2('start', script, '--name', 'theirs', '--interpreter', 'none');
    // Of the same name as an agent, in another namespace.
    home.pm2('start', script, '--name', 'mine', '--interpreter', 'none', '--force');
    const theirs = () => home.list().filter(({ pm2_env: { namespace } }) => namespace !== 'agents');
    const before = theirs().map(({ name, pid }) => `${name} ${pid}`);
    await service.api.register({ agentId: 'mine', name: 'mine', entryPoint: 'sleeper.sh' });
    await service.api.spawn('mine');
    await service.api.restart('mine');
    process.kill((await service.api.agent('mine')).pid ?? 0, 'SIGKILL');
    await until(async () => (await service.api.agent('mine')).status === 'running', 'it is healed');
    await service.api.terminate('mine');
    await service.api.expect(204, 'DELETE', '/api/agents/mine');
    await service.end('SIGKILL');
    await service.start();
    await service.api.post('/api/agents/terminate', {});
    expect(theirs().map(({ name, pid }) => `${name} ${pid}`)).toEqual(before);
  } finally {
    await service.destroy();
  }
});

it('a daemon of another major version is refused, with the two ways out, and left as it is', async () => {
  const home = makeTestHome();
  const daemon = spawn(process.execPath, [require.resolve('pm2/lib/Daemon.js')], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...{ PATH: process.env.PATH, HOME: home.root, PM2_HOME: home.pm2Home, TEST_PM2_VERSION: '6.0.14' },
      NODE_OPTIONS: `--require ${require.resolve('../fixtures/preload/other-pm2-version.cjs')}`,
    },
  });
  await new Promise((resolve) => daemon.once('message', resolve));
  daemon.disconnect();
  const service = await makeService({ home });
  try {
    const twoWays = /version 6\.0\.14.*PM2_HOME=\.\/data\/pm2 npm start.*npx pm2 update/;
    expect(service.output()).toMatch(twoWays);
    await service.api.register({ agentId: 'one', name: 'one', entryPoint: 'sleeper.sh' });
    const spawned = await service.api.post<{ code: string; detail: string }>('/api/agents/one/spawn');
    expect([spawned.status, spawned.body.code]).toEqual([503, 'process-manager-unavailable']);
    expect(spawned.body.detail).toMatch(twoWays);
    const ready = await service.api.get<{ error: { pm2: { reason: string } } }>('/health/ready');
    expect([ready.status, ready.body.error.pm2.reason]).toEqual([503, expect.stringMatching(twoWays)]);
    await service.api.terminate('one');
    expect(daemon.exitCode).toBeNull();
  } finally {
    await service.destroy();
  }
});

it.each([
  ['while we see it', false],
  ['while we are down', true],
])('an agent that hides its environment runs once after the daemon was lost %s', async (_, isDown) => {
  const service = await makeService();
  try {
    await service.api.register({ agentId: 'hides', name: 'hides', entryPoint: 'hides.py' });
    const { pid } = await service.api.spawn('hides');
    const inspector = new LinuxProcessInspector();
    await until(() => inspector.environment(pid ?? 0)?.get('AGENT_TOKEN') === undefined, 'it carries no mark any more');
    await until(
      async () => (await service.api.eventTypes('hides')).includes('agent.spawned'),
      'its process is on record',
    );
    if (isDown) await service.end('SIGKILL');
    process.kill(service.home.daemonPid() ?? 0, 'SIGKILL');
    if (isDown) await service.start();
    const view = await until(async () => {
      const now = await service.api.agent('hides');
      return now.pid !== pid && now.status === 'running' ? now : null;
    }, 'it runs anew');
    expect(inspector.facts(pid ?? 0)).toBeNull();
    expect(inspector.facts(view.pid ?? 0)).not.toBeNull();
    expect(view.circuit.failureCount).toBe(0);
    await service.api.terminate('hides');
    expect(inspector.facts(view.pid ?? 0)).toBeNull();
  } finally {
    await service.destroy();
  }
});
