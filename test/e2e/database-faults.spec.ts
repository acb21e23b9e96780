import { LinuxProcessInspector } from '../../src/processes';
import type { ProblemAnswer } from '../support/api-client';
import { makeFaultyDisk, type DiskFault, type FaultyDisk } from '../support/faulty-disk';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** Time limit of each wait. A disk fault lasts until the limits of the database have passed, even on a busy machine. */
const PATIENCE_MS = 60_000;

describe('while the disk of the database', () => {
  const inspector = new LinuxProcessInspector();
  const acknowledged = new Set<string>();
  const refused = new Set<string>();
  let disk: FaultyDisk;
  let service: TestService;

  beforeAll(async () => {
    disk = makeFaultyDisk();
    service = await makeService({ settings: disk.settings });
    for (const agentId of ['killed', 'ended'])
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.py' });
    await service.api.spawn('killed');
  });

  afterAll(async () => {
    disk.mend();
    await service.destroy();
    disk.remove();
  });

  async function register(agentId: string): Promise<number> {
    const definition = { agentId, name: agentId, entryPoint: 'sleeper.py' };
    const { status, body } = await service.api.request<ProblemAnswer>('POST', '/api/agents', definition);
    if (status === 201) acknowledged.add(agentId);
    else {
      expect([status, body.code]).toEqual([503, 'database-unavailable']);
      refused.add(agentId);
    }
    return status;
  }

  const readiness = async () => (await service.api.get('/health/ready')).status;

  /** Expects that everything except commands still works. */
  async function expectToAnswer(): Promise<void> {
    expect((await service.api.get('/health/live')).status).toBe(200);
    expect((await service.api.agents()).map(({ agentId }) => agentId)).toEqual(
      expect.arrayContaining(['killed', 'ended']),
    );
    expect((await service.api.get('/docs-json')).status).toBe(200);
  }

  async function expectHistory(): Promise<void> {
    const seqs = (await service.api.events()).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    const registered = (await service.api.agents()).map(({ agentId }) => agentId);
    expect(registered).toEqual(expect.arrayContaining([...acknowledged]));
    expect(registered.filter((agentId) => refused.has(agentId))).toEqual([]);
  }

  it.each<[string, DiskFault]>([
    ['fails', 'EIO'],
    ['is full', 'ENOSPC'],
    ['hangs', 'hang'],
  ])(
    '%s (%s), commands are refused, a stop takes effect, healing continues, and nothing acknowledged is lost',
    async (_, fault) => {
      const kind = fault.split(' ', 1)[0]?.toLowerCase() ?? '';
      const { pid } = service;
      await service.api.spawn('ended');
      const stopped = (await service.api.agent('ended')).pid ?? 0;
      const victim = await until(async () => (await service.api.agent('killed')).pid, 'it runs');

      disk.fail(fault);
      const command = register(`first-${kind}`);
      await expectToAnswer();
      expect(await command).toBe(503);
      await until(async () => (await readiness()) === 503, 'readiness reports it', PATIENCE_MS);

      expect(await service.api.terminate('ended')).toMatchObject({ pid: null, recorded: false });
      expect(inspector.facts(stopped)).toBeNull();
      process.kill(victim, 'SIGKILL');
      const healed = await until(
        async () => {
          const now = (await service.api.agent('killed')).pid;
          return now === victim ? null : now;
        },
        'it is healed from memory',
        PATIENCE_MS,
      );
      expect(await register(`second-${kind}`)).toBe(503);
      await expectToAnswer();

      disk.mend();
      await until(async () => (await readiness()) === 200, 'it is ready again', PATIENCE_MS);
      await until(async () => (await register(`after-${kind}`)) === 201, 'a command is accepted again', PATIENCE_MS);
      const types = await until(
        async () => {
          const seen = await service.api.eventTypes('killed');
          return seen.filter((type) => type === 'recovery.attempted').length > 0 ? seen : null;
        },
        'the recovery is in the history',
        PATIENCE_MS,
      );
      expect(types).toContain('agent.exited');
      refused.delete(`after-${kind}`);
      await expectHistory();
      expect(service.pid).toBe(pid);

      await service.end('SIGKILL');
      await service.start();
      await expectHistory();
      expect(await service.api.agent('ended')).toMatchObject({ desiredState: 'stopped', pid: null });
      expect((await service.api.agent('killed')).pid).toBe(healed);
    },
    600_000,
  );

  it('is slow, each command gets a correct answer, and nothing else waits', async () => {
    const { pid } = service;
    await service.api.spawn('ended');
    const stopped = (await service.api.agent('ended')).pid ?? 0;
    disk.fail('slow 3000');
    const answers: number[] = [];
    const commands = ['slow-a', 'slow-b', 'slow-c'].map(async (agentId) => answers.push(await register(agentId)));
    await expectToAnswer();
    // A write takes three seconds, so nothing waited for one.
    expect(answers).toEqual([]);
    await service.api.terminate('ended');
    expect(inspector.facts(stopped)).toBeNull();
    await Promise.all(commands);
    disk.mend();
    await until(async () => (await register('slow-after')) === 201, 'a command is accepted again', PATIENCE_MS);
    refused.delete('slow-after');
    await until(async () => (await readiness()) === 200, 'it is ready again', PATIENCE_MS);
    await expectHistory();
    expect(service.pid).toBe(pid);
    await service.end('SIGKILL');
    await service.start();
    await expectHistory();
    expect(await service.api.agent('ended')).toMatchObject({ desiredState: 'stopped', pid: null });
  }, 600_000);
});
