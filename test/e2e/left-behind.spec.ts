import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/processes';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** Longer than any test here may take. A process that dies within a test was therefore killed before this limit. */
const KILL_TIMEOUT_SECONDS = 300;
const DAEMONS = 3;

/** Tests descendants that outlive the leader of their run and ignore SIGTERM. */
describe('a descendant of a dead run', () => {
  const inspector = new LinuxProcessInspector();
  let service: TestService;

  beforeAll(async () => {
    service = await makeService({
      settings: { KILL_TIMEOUT_SECONDS: String(KILL_TIMEOUT_SECONDS), CIRCUIT_FAILURE_THRESHOLD: '50' },
    });
  });

  afterAll(async () => {
    await service.destroy();
  });

  const isAlive = (pid: number) => inspector.facts(pid) !== null;
  const file = (name: string) => path.join(service.home.root, name);
  /** Returns the pids in the order in which the processes wrote them. */
  const writtenPids = (name: string) =>
    existsSync(file(name)) ? readFileSync(file(name), 'utf8').split(/\s+/).filter(Boolean).map(Number) : [];

  async function spawnAgent(agentId: string, entryPoint: string, policy: Readonly<Record<string, unknown>> = {}) {
    await service.api.register({ agentId, name: agentId, entryPoint, args: [file(agentId)], policy });
    return service.api.spawn(agentId);
  }

  it('is gone when a terminate is answered, even if the leader was dead before', async () => {
    await spawnAgent('preforks', 'prefork.py', { restart: 'never' });
    const pids = await until(
      () => (writtenPids('preforks').length === 3 ? writtenPids('preforks') : null),
      'it has workers',
    );
    expect(pids.filter(isAlive)).toEqual(pids);
    process.kill(pids[0] ?? 0, 'SIGKILL');
    await until(
      async () => (await service.api.agent('preforks')).status === 'halted',
      'the supervisor has noticed its exit',
    );
    await service.api.terminate('preforks');
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is gone before a daemonized agent is started again', async () => {
    await spawnAgent('daemonizes', 'daemonizes.py');
    const daemons = () => [...new Set(writtenPids('daemonizes'))];
    await until(() => daemons().length >= DAEMONS, `there were ${DAEMONS} daemons`, 60_000);
    const diagnosis = await service.api.expect<{ readonly advice: string }>(
      200,
      'GET',
      '/api/agents/daemonizes/diagnosis',
    );
    expect(diagnosis.advice).toContain('foreground');
    await service.api.terminate('daemonizes');
    expect(daemons().filter(isAlive)).toEqual([]);
    // Each daemon wrote its last line before the next one wrote its first.
    const changes = writtenPids('daemonizes').filter((pid, index, all) => pid !== all[index - 1]);
    expect(changes).toEqual(daemons());
  });

  it('is gone when the terminate of a finished agent is answered', async () => {
    await spawnAgent('finishes', 'daemonizes.py', { restart: 'on-failure' });
    await until(async () => (await service.api.agent('finishes')).desiredState === 'stopped', 'it has finished');
    await service.api.terminate('finishes');
    expect(writtenPids('finishes').filter(isAlive)).toEqual([]);
  });
});
