import { LinuxProcessInspector } from '../../src/processes';
import { waitUntilEachRunsOnce } from '../support/runs-once';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents, witness, type Witness } from '../support/witness';

/** Kills, freezes, replaces and shuts down PM2's daemon: each agent must run once afterwards, or stay stopped. */
describe("when PM2's daemon", () => {
  const inspector = new LinuxProcessInspector();
  const agents = { python: 'sleeper.py', node: 'sleeper.js', shell: 'sleeper.sh', another: 'sleeper.sh' };
  const ids = Object.keys(agents);
  let service: TestService;
  let watching: Witness;
  /** A shell starts a second copy of a running agent. Both are alive until the supervisor kills the second one. */
  let expectsDoubles = false;

  beforeAll(async () => {
    service = await makeService();
    for (const [agentId, entryPoint] of Object.entries(agents)) {
      await service.api.register({ agentId, name: agentId, entryPoint });
    }
    await service.api.register({ agentId: 'stopped', name: 'stopped', entryPoint: 'sleeper.sh' });
    service.home.pm2('start', `${service.home.agentsDir}/sleeper.sh`, '--name', 'unrelated', '--interpreter', 'sh');
  });

  beforeEach(async () => {
    for (const agentId of ids) await service.api.spawn(agentId);
    await allRunOnce();
    // An agent that failed in an earlier test must be stable again.
    await until(async () => [...(await failures())].join() === 'CLOSED 0', 'no failure is counted any more');
    watching = witness(service);
    expectsDoubles = false;
  });

  afterEach(async () => {
    await watching.stop();
    expect(watching.failedReads).toEqual([]);
    if (!expectsDoubles) expect(watching.doubles).toEqual([]);
    expect(watching.counts.looks).toBeGreaterThan(3);
    expect(watching.counts.reads).toBeGreaterThan(3);
  });

  afterAll(async () => {
    await service.destroy();
  });

  const daemonPid = () => service.home.daemonPid() ?? 0;
  const restartsOf = async () => (await service.api.agents()).map(({ agentId, restarts }) => `${agentId} ${restarts}`);

  async function allRunOnce(): Promise<void> {
    await waitUntilEachRunsOnce(service, ids);
    expect(livingAgents(service.home).has('stopped')).toBe(false);
  }

  const failures = async () =>
    new Set((await service.api.agents()).map(({ circuit }) => `${circuit.state} ${circuit.failureCount}`));
  const expectNoFailureCounted = async () => {
    expect(await failures()).toEqual(new Set(['CLOSED 0']));
  };

  it('is killed, its orphans are killed, each agent is started once under a new daemon, and no failure is counted', async () => {
    const before = livingAgents(service.home);
    const daemon = daemonPid();
    process.kill(daemon, 'SIGKILL');
    await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    await allRunOnce();
    const now = livingAgents(service.home);
    for (const agentId of ids) expect(now.get(agentId)).not.toEqual(before.get(agentId));
    for (const pids of before.values()) for (const pid of pids) expect(inspector.facts(pid)).toBeNull();
    await expectNoFailureCounted();
    const types = (await service.api.events()).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['daemon.lost', 'daemon.restored', 'agent.orphan-reaped']));
  });

  it('is killed three times while agents die, each agent runs once in the end', async () => {
    for (let round = 0; round < 3; round += 1) {
      const daemon = daemonPid();
      process.kill(daemon, 'SIGKILL');
      for (const pids of livingAgents(service.home).values()) if (round > 0) process.kill(pids[0] ?? 0, 'SIGKILL');
      await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    }
    await allRunOnce();
  });

  it('is frozen for 15 s, a stop acts at once, and an agent that dies is restarted once afterwards', async () => {
    const daemon = daemonPid();
    process.kill(daemon, 'SIGSTOP');
    const thawAt = performance.now() + 15_000;
    const { pid } = await service.api.agent('python');
    process.kill(pid ?? 0, 'SIGKILL');
    await service.api.terminate('another');
    expect(livingAgents(service.home).has('another')).toBe(false);
    const spawned = await service.api.post<{ code: string }>('/api/agents/stopped/spawn');
    expect([spawned.status, spawned.body.code]).toEqual([503, 'process-manager-unavailable']);
    await until(async () => (await service.api.get('/health/ready')).status === 503, 'readiness reports it');
    await until(() => performance.now() > thawAt, '15 s have passed');
    process.kill(daemon, 'SIGCONT');
    await until(async () => (await service.api.get('/health/ready')).status === 200, 'it is ready again');
    expect(await service.api.agent('another')).toMatchObject({ status: 'stopped', pid: null });
    await service.api.terminate('stopped');
    await service.api.spawn('another');
    await allRunOnce();
    expect(daemonPid()).toBe(daemon);
  });

  it('is killed and started from a shell, each agent is started once and no failure is counted', async () => {
    const daemon = daemonPid();
    process.kill(daemon, 'SIGKILL');
    await service.home.inShell('ls');
    await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    await allRunOnce();
    await expectNoFailureCounted();
  });

  it('is killed and resurrected beside live orphans, each agent runs once under the new daemon', async () => {
    expectsDoubles = true;
    await service.home.inShell('save');
    // With their start times, because another process may have got the pid since.
    const orphans = [...livingAgents(service.home).values()].flat().flatMap((pid) => inspector.facts(pid) ?? []);
    process.kill(daemonPid(), 'SIGKILL');
    await service.home.inShell('resurrect');
    await allRunOnce();
    await until(() => !orphans.some((orphan) => inspector.isAlive(orphan)), 'the orphans are killed');
  });

  it('is updated by an operator, running agents run again and no failure is counted', async () => {
    const daemon = daemonPid();
    await service.home.inShell('update');
    await until(() => daemonPid() !== daemon && daemonPid() !== 0, 'a new daemon runs');
    await allRunOnce();
    await expectNoFailureCounted();
    expect((await restartsOf()).length).toBeGreaterThan(0);
  });

  it('is shut down by an operator, all agents stay stopped and no daemon is started until a spawn', async () => {
    const daemon = daemonPid();
    await service.home.inShell('kill');
    // PM2's client waits 3 s for it, which is not enough on a busy machine.
    await until(() => service.home.daemonPid() !== daemon, 'the daemon has exited');
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
      'the supervisor has treated it as a stop',
      60_000,
    );
    expect(service.home.daemonPid()).toBeNull();
    expect(livingAgents(service.home).size).toBe(0);
    await service.api.spawn('python');
    expect(service.home.list().map(({ name }) => name)).toContain('python');
  });
});

it.each([
  ['while the supervisor runs', false],
  ['while the supervisor is down', true],
])('an agent that hides its environment runs once after the daemon was lost %s', async (_, isDown) => {
  const service = await makeService();
  try {
    await service.api.register({ agentId: 'hides', name: 'hides', entryPoint: 'hides.py' });
    const { pid } = await service.api.spawn('hides');
    const inspector = new LinuxProcessInspector();
    await until(
      () => inspector.environment(pid ?? 0)?.get('AGENT_TOKEN') === undefined,
      'its mark is no longer visible',
    );
    await until(async () => (await service.api.eventTypes('hides')).includes('agent.spawned'), 'its launch is saved');
    if (isDown) await service.end('SIGKILL');
    process.kill(service.home.daemonPid() ?? 0, 'SIGKILL');
    if (isDown) await service.start();
    const view = await until(async () => {
      const now = await service.api.agent('hides');
      return now.pid !== pid && now.status === 'running' ? now : null;
    }, 'a new process of it runs');
    expect(inspector.facts(pid ?? 0)).toBeNull();
    expect(inspector.facts(view.pid ?? 0)).not.toBeNull();
    expect(view.circuit.failureCount).toBe(0);
    await service.api.terminate('hides');
    expect(inspector.facts(view.pid ?? 0)).toBeNull();
  } finally {
    await service.destroy();
  }
});
