import { readdirSync } from 'node:fs';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/processes';
import type { ProblemAnswer } from '../support/api-client';
import { makeService, type TestService } from '../support/service';
import { makeSmallDisk } from '../support/small-disk';
import { until } from '../support/until';

const PATIENCE_MS = 60_000;
const disk = makeSmallDisk(200);

if (disk === null) it.skip('a full disk: this user may not mount one', () => undefined);
else
  describe('on a full disk, the service', () => {
    const inspector = new LinuxProcessInspector();
    const acknowledged: string[] = [];
    let service: TestService;

    beforeAll(async () => {
      service = await makeService({ settings: { DATA_DIR: path.join(disk.root, 'data') } });
      for (const agentId of ['killed', 'ended']) {
        await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.py' });
        await service.api.spawn(agentId);
      }
    });

    afterAll(async () => {
      await service.destroy();
      disk.remove();
    });

    /** Registers a large agent. Postgres accepts some more until its reserved space is full, and must keep those. */
    async function register(agentId: string): Promise<number> {
      const env = { LONG: Array.from({ length: 900 }, (_, index) => Math.sin(index).toString(36)).join('') };
      const definition = { agentId, name: agentId, entryPoint: 'sleeper.py', env };
      const { status, body } = await service.api.request<ProblemAnswer>('POST', '/api/agents', definition);
      if (status === 201) acknowledged.push(agentId);
      else expect([status, body.code]).toEqual([503, 'database-unavailable']);
      return status;
    }

    async function expectAllAcknowledged(): Promise<void> {
      const registered = (await service.api.agents()).map(({ agentId }) => agentId);
      expect(registered.sort()).toEqual(['ended', 'killed', ...acknowledged].sort());
      const seqs = (await service.api.events()).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    }

    it('refuses commands, still stops and heals agents, keeps what it acknowledged, and recovers when there is space', async () => {
      const { pid } = service;
      disk.fill();
      let count = 0;
      await until(async () => (await register(`filling-${(count += 1)}`)) === 503, 'a command is refused', PATIENCE_MS);
      const [killed, ended] = [(await service.api.agent('killed')).pid, (await service.api.agent('ended')).pid];
      await service.api.terminate('ended');
      expect(inspector.facts(ended ?? 0)).toBeNull();
      process.kill(killed ?? 0, 'SIGKILL');
      await until(
        async () => ![killed, null].includes((await service.api.agent('killed')).pid),
        'it is healed from memory',
        PATIENCE_MS,
      );
      expect((await service.api.get('/health/live')).status).toBe(200);
      const { code, output } = await service.run('cli/backup.js');
      expect([code, output]).toEqual([1, expect.stringContaining('agent-spawner')]);
      expect(
        readdirSync(path.join(disk.root, 'data', 'backups')).filter((name) => !/^backup-.*Z\.json$/.test(name)),
      ).toEqual([]);

      disk.free();
      await until(
        async () => (await register(`after-${(count += 1)}`)) === 201,
        'a command is accepted again',
        PATIENCE_MS,
      );
      await until(async () => (await service.api.get('/health/ready')).status === 200, 'it is ready', PATIENCE_MS);
      await expectAllAcknowledged();
      expect(service.pid).toBe(pid);
      await service.end('SIGKILL');
      await service.start();
      await expectAllAcknowledged();
      expect(await service.api.agent('ended')).toMatchObject({ desiredState: 'stopped', pid: null });
    }, 300_000);
  });
