import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/processes';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

/** Runs `pm2` commands in a shell. The supervisor must follow them, also those that it missed while it was down. */
describe("in the operator's shell", () => {
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
    // Waits until every agent is stable, so that no failure of an earlier test is counted.
    await until(
      async () =>
        (await service.api.agents()).every(
          ({ status, pid, circuit }) => status === 'running' && pid !== null && circuit.failureCount === 0,
        ),
      'all run, and no failure is counted',
    );
  });

  afterAll(async () => {
    await service.destroy();
  });

  const shell = (...args: string[]) => service.home.inShell(...args);
  const living = (agentId: string) => livingAgents(service.home).get(agentId) ?? [];

  async function waitUntilSettled(agentId: string, desiredState: string): Promise<void> {
    let last: unknown;
    const isSettled = async () => {
      const view = await service.api.agent(agentId);
      last = { view, living: living(agentId), log: (await service.api.events(agentId)).slice(-8) };
      const isUp = living(agentId).length === 1 && view.pid === living(agentId)[0] && view.status === 'running';
      const isDown = living(agentId).length === 0 && view.pid === null && view.status === 'stopped';
      return view.desiredState === desiredState && (desiredState === 'running' ? isUp : isDown);
    };
    await until(isSettled, () => `${agentId} is ${desiredState}; last: ${JSON.stringify(last)}`);
  }

  const failures = async (agentId: string) => (await service.api.agent(agentId)).circuit.failureCount;

  /** Checks that the agent stays stopped over several passes of healing. */
  async function expectStaysStopped(agentId: string): Promise<void> {
    const before = (await service.api.events()).length;
    await service.api.restart('four');
    await until(async () => (await service.api.events()).length >= before + 2, 'several passes of healing are over');
    await waitUntilSettled('four', 'running');
    await waitUntilSettled(agentId, 'stopped');
  }

  describe('while the supervisor runs,', () => {
    it('stop and delete keep an agent stopped', async () => {
      await shell('stop', 'one');
      await shell('delete', 'two');
      await waitUntilSettled('one', 'stopped');
      await waitUntilSettled('two', 'stopped');
      await expectStaysStopped('one');
      await expectStaysStopped('two');
      // PM2 stops a process before it deletes the entry. A slow deletion is therefore recorded as a stop.
      const stops = (await service.api.events()).filter(({ type }) => type === 'operator.stopped');
      expect(new Set(stops.map(({ agentId }) => agentId))).toEqual(new Set(['one', 'two']));
    });

    it('start sets the desired state to running, and the agent is healed from then on', async () => {
      await service.api.terminate('one');
      await shell('start', 'one');
      await waitUntilSettled('one', 'running');
      const [pid] = living('one');
      process.kill(pid ?? 0, 'SIGKILL');
      await until(() => living('one').length === 1 && living('one')[0] !== pid, 'it is healed');
    });

    it('restart replaces the process and counts no failure', async () => {
      const before = living('one');
      const count = await failures('one');
      await shell('restart', 'one');
      await waitUntilSettled('one', 'running');
      expect(living('one')).not.toEqual(before);
      expect(await failures('one')).toBeLessThanOrEqual(count);
    });

    it('restart makes no word of the earlier process the reason for the exit of the next one', async () => {
      const file = (name: string) => path.join(service.home.agentsDir, name);
      writeFileSync(
        file('wordy.sh'),
        `trap 'echo "ModuleNotFoundError: an earlier word" >&2; exit 0' TERM\nwhile sleep 0.1; do [ -e leave ] && exit 3; done\n`,
      );
      await service.api.register({ agentId: 'wordy', name: 'wordy', entryPoint: 'wordy.sh' });
      const { pid } = await service.api.spawn('wordy');
      await shell('restart', 'wordy');
      await until(async () => (await service.api.agent('wordy')).pid !== pid, 'another process runs');
      await waitUntilSettled('wordy', 'running');
      writeFileSync(file('leave'), '');
      const failure = await until(async () => (await service.api.agent('wordy')).lastFailure, 'it has failed');
      expect(failure).toMatchObject({ cause: 'unknown', line: 'exited with code 3' });
      await until(
        async () => (await service.api.request('DELETE', '/api/agents/wordy')).status === 204,
        'it is unregistered',
      );
    });

    it('the last of stop, start, restart and delete decides', async () => {
      await shell('restart', 'one');
      await shell('stop', 'one');
      await shell('start', 'one');
      await shell('restart', 'one');
      await waitUntilSettled('one', 'running');
      await shell('delete', 'one');
      await waitUntilSettled('one', 'stopped');
    });

    it('a forced second copy is killed and removed from the list', async () => {
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

  describe('while the supervisor is down,', () => {
    it('stop, delete, start and restart take effect at the next start', async () => {
      await service.api.terminate('three');
      const before = { two: living('two'), four: living('four') };
      await service.end('SIGKILL');
      await shell('stop', 'one');
      await shell('delete', 'two');
      await shell('start', 'three');
      await shell('restart', 'four');
      await service.start();
      await waitUntilSettled('one', 'stopped');
      await waitUntilSettled('two', 'stopped');
      await waitUntilSettled('three', 'running');
      await waitUntilSettled('four', 'running');
      expect(living('four')).not.toEqual(before.four);
      expect(await failures('four')).toBe(0);
      await expectStaysStopped('one');
      await expectStaysStopped('two');
    });

    it('a crash is healed at the next start', async () => {
      await service.end('SIGKILL');
      const [pid] = living('one');
      process.kill(pid ?? 0, 'SIGKILL');
      await until(() => inspector.facts(pid ?? 0) === null, 'it is dead');
      await service.start();
      await waitUntilSettled('one', 'running');
    });

    it('resurrect after a loss of the daemon keeps the listed processes and kills the orphans', async () => {
      await shell('save');
      await service.end('SIGKILL');
      const before = livingAgents(service.home);
      process.kill(service.home.daemonPid() ?? 0, 'SIGKILL');
      await until(() => service.home.daemonPid() === null, 'the daemon is gone');
      await shell('resurrect');
      await until(() => living('one').length === 2, 'each agent has two processes');
      await service.start();
      for (const agentId of ['one', 'two', 'three', 'four']) {
        await waitUntilSettled(agentId, 'running');
        expect(before.get(agentId)).not.toEqual(living(agentId));
        const listed = (await service.home.listInShell()).filter(({ name }) => name === agentId);
        expect(listed.map(({ pid }) => pid)).toEqual(living(agentId));
      }
    });
  });

  describe('after a reboot,', () => {
    it('each desired agent runs once, no failure is counted, and stopped agents stay stopped', async () => {
      await service.api.terminate('three');
      const views = await service.api.agents();
      const before = new Map(views.map(({ agentId, lastFailure }) => [agentId, lastFailure] as const));
      await service.end('SIGTERM');
      process.kill(service.home.daemonPid() ?? 0, 'SIGKILL');
      for (const pids of livingAgents(service.home).values()) for (const pid of pids) process.kill(pid, 'SIGKILL');
      await until(() => livingAgents(service.home).size === 0, 'no agent is alive');
      const events = await service
        .start({
          NODE_OPTIONS: `--require ${require.resolve('../fixtures/preload/another-boot.cjs')}`,
          TEST_BOOT_ID: '11111111-2222-4333-8444-555555555555',
        })
        .then(() => service.api.events());
      for (const agentId of ['one', 'two', 'four']) {
        await waitUntilSettled(agentId, 'running');
        const { circuit, lastFailure } = await service.api.agent(agentId);
        expect(circuit).toMatchObject({ state: 'CLOSED', failureCount: 0 });
        expect(lastFailure).toEqual(before.get(agentId));
      }
      await waitUntilSettled('three', 'stopped');
      const begun = events.findLastIndex(({ type }) => type === 'supervisor.started');
      const since = (await service.api.events()).slice(begun).map(({ type }) => type);
      expect(since.filter((type) => type === 'agent.spawned')).toHaveLength(3);
      expect(since.filter((type) => type.startsWith('recovery.') || type === 'agent.exited')).toEqual([]);
      await service.end('SIGTERM');
      await service.start();
    });
  });
});
