import { writeFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/processes';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** Kills, stops, freezes and duplicates the supervisor: its agents must keep running, and be adopted afterwards. */
describe('around the death of the supervisor,', () => {
  const inspector = new LinuxProcessInspector();
  const agents = { python: 'sleeper.py', node: 'sleeper.js', shell: 'sleeper.sh' };
  let service: TestService;

  beforeAll(async () => {
    service = await makeService();
    for (const [agentId, entryPoint] of Object.entries(agents)) {
      await service.api.register({ agentId, name: agentId, entryPoint, tags: ['core'] });
      await service.api.spawn(agentId);
    }
    await until(async () => (await pids()).every((pid) => pid !== null), 'all agents run');
  });

  afterAll(async () => {
    await service.destroy();
  });

  const pids = async () => (await service.api.agents()).map(({ pid }) => pid);
  const isAlive = (pid: number | null) => pid !== null && inspector.facts(pid) !== null;

  it.each(['SIGKILL', 'SIGTERM'] as const)('by %s, the agents keep their pids and are adopted', async (signal) => {
    const waiting = service.api.get('/api/agents/python/wait?for=stopped&timeoutSeconds=60').then(
      ({ status }) => status,
      () => 'connection closed',
    );
    const before = await pids();
    expect(await service.end(signal)).toBe(signal === 'SIGKILL' ? null : 0);
    expect(await waiting).toBe(signal === 'SIGKILL' ? 'connection closed' : 409);
    expect(before.every(isAlive)).toBe(true);
    await service.start();
    // The result of a launch may not have been saved before the kill. Then the first list shows the process.
    await until(async () => (await pids()).every((pid) => pid !== null), 'the process of each agent is known');
    expect(await pids()).toEqual(before);
    await until(async () => {
      const events = await service.api.events();
      const begun = events.findLastIndex(({ type }) => type === 'supervisor.started');
      const adopted = events.slice(begun).filter(({ type }) => type === 'agent.adopted');
      return new Set(adopted.map(({ agentId }) => agentId)).size === Object.keys(agents).length;
    }, 'all agents are adopted');
    await until(
      async () => (await service.api.agents()).every(({ status, restarts }) => status === 'running' && restarts === 0),
      'all agents run, and none was restarted',
    );
  });

  it('an adopted agent is healed when it crashes', async () => {
    const { pid } = await service.api.agent('python');
    process.kill(pid ?? 0, 'SIGKILL');
    const healed = await until(async () => {
      const view = await service.api.agent('python');
      return view.pid !== null && view.pid !== pid ? view : null;
    }, 'it has a new pid');
    expect(isAlive(healed.pid)).toBe(true);
  });

  it('an agent that crashed meanwhile is started once, and a stopped agent stays stopped', async () => {
    await service.api.terminate('shell');
    const { pid } = await service.api.agent('node');
    await service.end('SIGKILL');
    process.kill(pid ?? 0, 'SIGKILL');
    await service.start();
    const healed = await until(async () => {
      const view = await service.api.agent('node');
      return view.pid !== null && view.pid !== pid ? view : null;
    }, 'it has a new pid');
    expect(isAlive(healed.pid)).toBe(true);
    expect(await service.api.agent('shell')).toMatchObject({ desiredState: 'stopped', status: 'stopped', pid: null });
    const listed = service.home.list().filter(({ name }) => name === 'node');
    expect(listed.map(({ pid: each }) => each)).toEqual([healed.pid]);
    await service.api.spawn('shell');
  });

  it('no acknowledged change and no event is lost in ten kills during writes', async () => {
    const before = await pids();
    const acknowledged = new Set<string>();
    for (let round = 0; round < 10; round += 1) {
      let ended = false;
      const writers = [0, 1, 2, 3].map(async (writer) => {
        for (let count = 0; !ended; count += 1) {
          const agentId = `written-${round}-${writer}-${count}`;
          try {
            await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.py' });
            acknowledged.add(agentId);
          } catch {
            return; // not acknowledged
          }
        }
      });
      await until(() => acknowledged.size > round * 8 + 4, 'some changes are acknowledged');
      await service.end('SIGKILL');
      ended = true;
      await Promise.all(writers);
      await service.start();
    }
    const registered = new Set((await service.api.agents()).map(({ agentId }) => agentId));
    expect([...acknowledged].filter((agentId) => !registered.has(agentId))).toEqual([]);
    const seqs = (await service.api.events()).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect((await pids()).slice(0, 3)).toEqual(before);
  }, 300_000);

  it('a second supervisor on the same folders is refused with one clear message, and changes nothing', async () => {
    const before = await pids();
    for (const other of ['DATA_DIR', 'PM2_HOME']) {
      const { code, output } = await service.attempt({ [other]: path.join(service.home.root, `other-${other}`) });
      expect(code).toBe(78);
      expect(output.trim().split('\n')).toEqual([
        expect.stringMatching(/^agent-spawner: Another agent-spawner \(pid \d+\) already uses .* Stop it first/),
      ]);
      expect(output).toContain(`pid ${service.pid}`);
    }
    expect(await pids()).toEqual(before);
  });

  it('a frozen supervisor keeps its lock', async () => {
    service.signal('SIGSTOP');
    const { code } = await service.attempt({});
    service.signal('SIGCONT');
    expect(code).toBe(78);
    await service.api.agents();
  });

  it('the lock of a dead process is taken over, even if its pid was reused', async () => {
    await service.end('SIGKILL');
    const lock = path.join(service.home.dataDir, 'agent-spawner.lock');
    const owner = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    // The pid belongs to this test process, which started at another time.
    writeFileSync(lock, JSON.stringify({ ...owner, pid: process.pid }));
    await service.start();
    await service.api.agents();
  });
});
