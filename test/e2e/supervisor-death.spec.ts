import { writeFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/runtime';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** The supervisor dies, in whatever way; its agents live on, and are its own again afterwards. */
describe('after the death of the supervisor', () => {
  const inspector = new LinuxProcessInspector();
  const agents = { python: 'sleeper.py', node: 'sleeper.js', shell: 'sleeper.sh' };
  let service: TestService;

  beforeAll(async () => {
    service = await makeService();
    for (const [agentId, entryPoint] of Object.entries(agents)) {
      await service.api.register({ agentId, name: agentId, entryPoint, tags: ['core'] });
      await service.api.spawn(agentId);
    }
    await until(async () => (await pids()).every((pid) => pid !== null), 'all of them run');
  });

  afterAll(async () => {
    await service.destroy();
  });

  const pids = async () => (await service.api.agents()).map(({ pid }) => pid);
  const isAlive = (pid: number | null) => pid !== null && inspector.facts(pid) !== null;

  it.each(['SIGKILL', 'SIGTERM'] as const)('by %s the agents keep their pids, and are adopted', async (signal) => {
    const before = await pids();
    expect(await service.end(signal)).toBe(signal === 'SIGKILL' ? null : 0);
    expect(before.every(isAlive)).toBe(true);
    await service.start();
    // That a launch succeeded may not have been saved when it was killed: then the first list shows the process.
    await until(async () => (await pids()).every((pid) => pid !== null), 'the process of each is known');
    expect(await pids()).toEqual(before);
    await until(async () => {
      const events = await service.api.events();
      const begun = events.findLastIndex(({ type }) => type === 'supervisor.started');
      const adopted = events.slice(begun).filter(({ type }) => type === 'agent.adopted');
      return new Set(adopted.map(({ agentId }) => agentId)).size === Object.keys(agents).length;
    }, 'each of them is adopted');
    await until(
      async () => (await service.api.agents()).every(({ status, restarts }) => status === 'running' && restarts === 0),
      'all of them run, and none was restarted',
    );
  });

  it('an adopted agent is healed when it dies', async () => {
    const { pid } = await service.api.agent('python');
    process.kill(pid ?? 0, 'SIGKILL');
    const healed = await until(async () => {
      const view = await service.api.agent('python');
      return view.pid !== null && view.pid !== pid ? view : null;
    }, 'it has a new pid');
    expect(isAlive(healed.pid)).toBe(true);
  });

  it('one that died meanwhile is started once, and what was stopped stays stopped', async () => {
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

  it('killed ten times at random while it is written to, no acknowledged change is lost and no event is', async () => {
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

  it('a second supervisor on the same folders refuses, in one clear sentence, and harms nothing', async () => {
    const before = await pids();
    for (const other of ['DATA_DIR', 'PM2_HOME']) {
      const { code, output } = await service.attempt({ [other]: path.join(service.home.root, `other-${other}`) });
      expect(code).toBe(78);
      expect(output.trim().split('\n')).toEqual([
        expect.stringMatching(/^agent-spawner: Another agent-spawner \(pid \d+\) already works on .* End it first/),
      ]);
      expect(output).toContain(`pid ${service.pid}`);
    }
    expect(await pids()).toEqual(before);
  });

  it('a paused one keeps its lock', async () => {
    service.signal('SIGSTOP');
    const { code } = await service.attempt({});
    service.signal('SIGCONT');
    expect(code).toBe(78);
    await service.api.agents();
  });

  it('a lock of a process that is dead is taken over, also where its pid lives again as another', async () => {
    await service.end('SIGKILL');
    const lock = path.join(service.home.dataDir, 'agent-spawner.lock');
    const owner = JSON.parse(readFileSync(lock, 'utf8')) as { pid: number };
    // This very test run has the pid, but began at another time.
    writeFileSync(lock, JSON.stringify({ ...owner, pid: process.pid }));
    await service.start();
    await service.api.agents();
  });
});
