import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

const HOUR_MS = 3_600_000;
const FROZEN_MS = 90_000;

/** Time does what it wants: the supervisor is paused, the clock is set. The agents need not notice. */
describe('when time makes a leap', () => {
  let service: TestService;
  let clockFile: string;

  beforeAll(async () => {
    // The file is known only once the home is there: until then the clock goes as it should.
    service = await makeService({
      settings: { BACKOFF_BASE_SECONDS: '1', BACKOFF_MAX_SECONDS: '2', CIRCUIT_COOLDOWN_SECONDS: '2' },
    });
    clockFile = path.join(service.home.root, 'clock');
    await service.end();
    await service.start({
      NODE_OPTIONS: `--require ${require.resolve('../fixtures/preload/set-clock.cjs')}`,
      TEST_CLOCK_FILE: clockFile,
    });
    for (const agentId of ['one', 'two', 'three']) {
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh' });
      await service.api.spawn(agentId);
    }
    await service.api.register({ agentId: 'crasher', name: 'crasher', entryPoint: 'crasher.py' });
    await allRun();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const allRun = () =>
    until(
      async () =>
        (await service.api.agents()).every(({ agentId, status }) => agentId === 'crasher' || status === 'running'),
      'all run',
      30_000,
    );
  const seen = async () =>
    (await service.api.agents()).map(({ agentId, pid, restarts }) => ({ agentId, pid, restarts }));
  const leaps = async () => (await service.api.events()).filter(({ type }) => type === 'supervisor.resumed').length;

  it('frozen for 90 s and thawed: it says so, and restarts nothing', async () => {
    const before = await seen();
    const noticed = await leaps();
    service.signal('SIGSTOP');
    const thawAt = performance.now() + FROZEN_MS;
    await until(() => performance.now() > thawAt, 'it was frozen for long enough', FROZEN_MS + 10_000);
    service.signal('SIGCONT');
    await until(async () => (await leaps()) === noticed + 1, 'it noticed');
    await allRun();
    expect(await seen()).toEqual(before);
    expect(livingAgents(service.home).size).toBe(3);
  }, 180_000);

  it.each([
    ['back', -HOUR_MS],
    ['forth', HOUR_MS],
  ])('the clock is set %s an hour: nothing is restarted, and nothing is stranded', async (_, offset) => {
    const before = await seen();
    await service.api.expect(200, 'POST', '/api/agents/crasher/circuit-reset');
    await service.api.post('/api/agents/crasher/spawn');
    await until(async () => (await service.api.agent('crasher')).status === 'backing-off', 'one waits for its restart');
    const noticed = await leaps();
    writeFileSync(clockFile, String(offset));
    await until(async () => (await leaps()) > noticed, 'it noticed');
    const restarts = (await service.api.agent('crasher')).restarts;
    await until(async () => (await service.api.agent('crasher')).restarts > restarts, 'its restart came', 30_000);
    await until(async () => (await service.api.agent('crasher')).status === 'halted', 'its circuit opens', 60_000);
    const opened = (await service.api.agent('crasher')).restarts;
    rmSync(clockFile);
    await until(async () => (await service.api.agent('crasher')).restarts > opened, 'its trial came', 60_000);
    await service.api.terminate('crasher');
    // The restart of one that dies now is due now, by whatever clock.
    process.kill((await service.api.agent('one')).pid ?? 0, 'SIGKILL');
    await until(async () => (await service.api.agent('one')).status === 'running', 'it is healed');
    const others = (views: readonly { readonly agentId: string }[]) =>
      views.filter(({ agentId }) => agentId === 'two' || agentId === 'three');
    expect(others(await seen())).toEqual(others(before));
  });

  it('started an hour earlier than it was ended: what is due is not an hour away', async () => {
    await service.api.expect(200, 'POST', '/api/agents/crasher/circuit-reset');
    await service.api.post('/api/agents/crasher/spawn');
    await until(async () => (await service.api.agent('crasher')).status === 'backing-off', 'one waits for its restart');
    await service.end('SIGKILL');
    writeFileSync(clockFile, String(-HOUR_MS));
    const restarts = async () => (await service.api.agent('crasher')).restarts;
    await service.start({
      NODE_OPTIONS: `--require ${require.resolve('../fixtures/preload/set-clock.cjs')}`,
      TEST_CLOCK_FILE: clockFile,
    });
    const before = await restarts();
    await until(async () => (await restarts()) > before, 'its restart came', 30_000);
  });
});
