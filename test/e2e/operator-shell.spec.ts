import { LinuxProcessInspector } from '../../src/runtime';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

/** What a person does by `pm2` is a person's will, whether we see it or were down. */
describe("the operator's shell", () => {
  const inspector = new LinuxProcessInspector();
  let service: TestService;

  beforeAll(async () => {
    service = await makeService();
    for (const agentId of ['one', 'two', 'three', 'four']) {
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh' });
    }
  });

  beforeEach(async () => {
    await service.api.expect(200, 'POST', '/api/agents/spawn', { tags: [] });
    // A failure that one test brought about is forgotten once its agent has run for a while: no other test shall see it.
    await until(
      async () =>
        (await service.api.agents()).every(
          ({ status, pid, circuit }) => status === 'running' && pid !== null && circuit.failureCount === 0,
        ),
      'all run, and no failure is remembered',
    );
  });

  afterAll(async () => {
    await service.destroy();
  });

  const shell = (...args: string[]) => service.home.inShell(...args);
  const living = (agentId: string) => livingAgents(service.home).get(agentId) ?? [];

  async function settles(agentId: string, desiredState: string): Promise<void> {
    let last: unknown;
    const holds = async () => {
      const view = await service.api.agent(agentId);
      last = { view, living: living(agentId), log: (await service.api.events(agentId)).slice(-8) };
      const isUp = living(agentId).length === 1 && view.pid === living(agentId)[0] && view.status === 'running';
      const isDown = living(agentId).length === 0 && view.pid === null && view.status === 'stopped';
      return view.desiredState === desiredState && (desiredState === 'running' ? isUp : isDown);
    };
    await until(holds, () => `${agentId} is ${desiredState}; last: ${JSON.stringify(last)}`);
  }

  const failures = async (agentId: string) => (await service.api.agent(agentId)).circuit.failureCount;

  /** It stays as it is over several passes of healing. */
  async function staysStopped(agentId: string): Promise<void> {
    const before = (await service.api.events()).length;
    await service.api.restart('four');
    await until(async () => (await service.api.events()).length >= before + 2, 'time passes');
    await settles('four', 'running');
    await settles(agentId, 'stopped');
  }

  describe('seen live', () => {
    it('stop and delete: stays stopped', async () => {
      await shell('stop', 'one');
      await shell('delete', 'two');
      await settles('one', 'stopped');
      await settles('two', 'stopped');
      await staysStopped('one');
      await staysStopped('two');
      // A deletion is a stop first: where it takes long, that is what is seen and told.
      const told = (await service.api.events()).filter(({ type }) => type === 'operator.stopped');
      expect(new Set(told.map(({ agentId }) => agentId))).toEqual(new Set(['one', 'two']));
    });

    it('start: desired running, and healed from then on', async () => {
      await service.api.terminate('one');
      await shell('start', 'one');
      await settles('one', 'running');
      const [pid] = living('one');
      process.kill(pid ?? 0, 'SIGKILL');
      await until(() => living('one').length === 1 && living('one')[0] !== pid, 'it is healed');
    });

    it('restart: another process, and no failure', async () => {
      const before = living('one');
      const count = await failures('one');
      await shell('restart', 'one');
      await settles('one', 'running');
      expect(living('one')).not.toEqual(before);
      expect(await failures('one')).toBeLessThanOrEqual(count);
    });

    it('stop, start, restart and delete in a row end as the last says', async () => {
      await shell('restart', 'one');
      await shell('stop', 'one');
      await shell('start', 'one');
      await shell('restart', 'one');
      await settles('one', 'running');
      await shell('delete', 'one');
      await settles('one', 'stopped');
    });

    it('a second copy that somebody starts is ended, and leaves the list', async () => {
      // By hand and with force, as nobody should.
      const script = `${service.home.agentsDir}/sleeper.sh`;
      await shell('start', script, '-f', '--name', 'one', '--namespace', 'agents', '--interpreter', 'sh');
      await until(
        async () => (await service.home.listInShell()).filter(({ name }) => name === 'one').length === 1,
        'one entry is left',
      );
      expect(living('one')).toHaveLength(1);
      expect((await service.api.agent('one')).pid).toBe(living('one')[0]);
    });
  });

  describe('while we were down', () => {
    it('stop, delete, start and restart are understood at the next start', async () => {
      await service.api.terminate('three');
      const before = { two: living('two'), four: living('four') };
      await service.end('SIGKILL');
      await shell('stop', 'one');
      await shell('delete', 'two');
      await shell('start', 'three');
      await shell('restart', 'four');
      await service.start();
      await settles('one', 'stopped');
      await settles('two', 'stopped');
      await settles('three', 'running');
      await settles('four', 'running');
      expect(living('four')).not.toEqual(before.four);
      expect(await failures('four')).toBe(0);
      await staysStopped('one');
      await staysStopped('two');
    });

    it('a crash is healed all the same', async () => {
      await service.end('SIGKILL');
      const [pid] = living('one');
      process.kill(pid ?? 0, 'SIGKILL');
      await until(() => inspector.facts(pid ?? 0) === null, 'it is dead');
      await service.start();
      await settles('one', 'running');
    });

    it('the daemon was lost, and resurrected beside living orphans: the listed one is kept', async () => {
      await shell('save');
      await service.end('SIGKILL');
      const before = livingAgents(service.home);
      process.kill(service.home.daemonPid() ?? 0, 'SIGKILL');
      await until(() => service.home.daemonPid() === null, 'the daemon is gone');
      await shell('resurrect');
      await until(() => living('one').length === 2, 'each lives twice, as PM2 has it');
      await service.start();
      for (const agentId of ['one', 'two', 'three', 'four']) {
        await settles(agentId, 'running');
        expect(before.get(agentId)).not.toEqual(living(agentId));
        const listed = (await service.home.listInShell()).filter(({ name }) => name === agentId);
        expect(listed.map(({ pid }) => pid)).toEqual(living(agentId));
      }
    });
  });

  describe('after a reboot', () => {
    it('each desired agent runs once, no failure is counted, and what was stopped stays stopped', async () => {
      await service.api.terminate('three');
      const views = await service.api.agents();
      const before = new Map(views.map(({ agentId, lastFailure }) => [agentId, lastFailure] as const));
      await service.end('SIGTERM');
      process.kill(service.home.daemonPid() ?? 0, 'SIGKILL');
      for (const pids of livingAgents(service.home).values()) for (const pid of pids) process.kill(pid, 'SIGKILL');
      await until(() => livingAgents(service.home).size === 0, 'nothing lives');
      const events = await service
        .start({
          NODE_OPTIONS: `--require ${require.resolve('../fixtures/preload/another-boot.cjs')}`,
          TEST_BOOT_ID: '11111111-2222-4333-8444-555555555555',
        })
        .then(() => service.api.events());
      for (const agentId of ['one', 'two', 'four']) {
        await settles(agentId, 'running');
        const { circuit, lastFailure } = await service.api.agent(agentId);
        expect(circuit).toMatchObject({ state: 'CLOSED', failureCount: 0 });
        expect(lastFailure).toEqual(before.get(agentId));
      }
      await settles('three', 'stopped');
      const begun = events.findLastIndex(({ type }) => type === 'supervisor.started');
      const since = (await service.api.events()).slice(begun).map(({ type }) => type);
      expect(since.filter((type) => type === 'agent.spawned')).toHaveLength(3);
      expect(since.filter((type) => type.startsWith('recovery.') || type === 'agent.exited')).toEqual([]);
      await service.end('SIGTERM');
      await service.start();
    });
  });
});
