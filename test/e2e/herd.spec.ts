import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents, witness } from '../support/witness';

const HERD = 300;

/** Kills hundreds of agents at once: each must be restarted once, without delaying commands of callers. */
describe(`${HERD} agents that are killed at once`, () => {
  let service: TestService;

  beforeAll(async () => {
    service = await makeService({ settings: { RATE_LIMIT_PER_MINUTE: '0' } });
    for (let index = 0; index < HERD; index += 1) {
      await service.api.register({
        agentId: `a-${index}`,
        name: 'Herd member',
        entryPoint: 'sleeper.sh',
        tags: ['herd'],
      });
    }
    for (const agentId of ['operator-starts', 'operator-stops']) {
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh' });
    }
    await service.api.expect(200, 'POST', '/api/agents/spawn', { tags: ['herd'] });
    await service.api.spawn('operator-stops');
    await until(
      () => herd().length === HERD,
      () => `all run; ${herd().length} do`,
      60_000,
    );
    await until(async () => (await views()).every(({ status }) => status === 'running'), 'all are stable', 60_000);
  }, 240_000);

  afterAll(async () => {
    await service.destroy();
  });

  const herd = () => [...livingAgents(service.home)].filter(([agentId]) => agentId.startsWith('a-'));
  const views = async () => (await service.api.agents()).filter(({ agentId }) => agentId.startsWith('a-'));

  it('are each restarted once, and delay neither commands nor the API', async () => {
    const watching = witness(service);
    try {
      for (const [, pids] of herd()) for (const pid of pids) process.kill(pid, 'SIGKILL');
      // On a slow machine, PM2 may not answer the launch in time. The supervisor then looks up its outcome.
      const started = service.api.request('POST', '/api/agents/operator-starts/spawn').then(({ status }) => {
        expect([200, 503]).toContain(status);
        return herd().length;
      });
      const stopped = service.api.terminate('operator-stops').then(() => herd().length);
      expect(await started).toBeLessThan(HERD);
      expect(await stopped).toBeLessThan(HERD);
      await until(
        () => herd().length === HERD,
        () => `all run again; ${herd().length} do`,
        90_000,
      );
      await until(async () => (await views()).every(({ status }) => status === 'running'), 'all are stable', 60_000);
      await until(
        async () => (await service.api.agent('operator-starts')).status === 'running',
        'the started agent runs',
        60_000,
      );
    } finally {
      await watching.stop();
    }
    expect({ doubles: watching.doubles, failedReads: watching.failedReads }).toEqual({ doubles: [], failedReads: [] });
    expect((await views()).map(({ restarts }) => restarts)).toEqual(Array.from({ length: HERD }, () => 1));
  }, 240_000);
});
