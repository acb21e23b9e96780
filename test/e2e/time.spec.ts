import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

const HOUR_MS = 3_600_000;
const BEATING = ['beating-1', 'beating-2', 'beating-3'];

/** Freezes the supervisor and sets its clock: no agent may be restarted, and no timer lost. */
describe('a supervisor', () => {
  let service: TestService;
  let clockFile: string;

  beforeAll(async () => {
    // The path of the clock file is known only once the home exists. The first start therefore has a normal clock.
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
    for (const agentId of BEATING) {
      const policy = { heartbeatTimeoutSeconds: 10 };
      await service.api.register({ agentId, name: agentId, entryPoint: 'beating.py', policy });
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
  const processes = async () =>
    (await service.api.agents()).map(({ agentId, pid, restarts }) => ({ agentId, pid, restarts }));
  const suspends = async () => (await service.api.events()).filter(({ type }) => type === 'supervisor.resumed').length;

  it.each([20, 65, 90])(
    'that was frozen for %i s records it and restarts no agent, not even those with heartbeats',
    async (frozenSeconds) => {
      const before = await processes();
      const noticed = await suspends();
      service.signal('SIGSTOP');
      const thawAt = performance.now() + frozenSeconds * 1_000;
      await until(() => performance.now() > thawAt, 'the freeze is over', frozenSeconds * 1_000 + 10_000);
      service.signal('SIGCONT');
      await until(async () => (await suspends()) === noticed + 1, 'the supervisor has recorded the suspend');
      await allRun();
      // If the missed heartbeats had counted, the agent would be restarted within this time.
      const checked = (await service.api.agent('beating-1')).uptimeSeconds ?? 0;
      await until(
        async () => ((await service.api.agent('beating-1')).uptimeSeconds ?? 0) > checked + 12,
        '12 s have passed',
      );
      expect(await processes()).toEqual(before);
      expect(livingAgents(service.home).size).toBe(3 + BEATING.length);
    },
    180_000,
  );

  it.each([
    ['back', -HOUR_MS],
    ['forward', HOUR_MS],
  ])('whose clock is set %s by an hour restarts no live agent and loses no due restart', async (_, offset) => {
    const before = await processes();
    await service.api.expect(200, 'POST', '/api/agents/crasher/circuit-reset');
    await service.api.post('/api/agents/crasher/spawn');
    await until(
      async () => (await service.api.agent('crasher')).status === 'backing-off',
      'an agent waits for its restart',
    );
    const noticed = await suspends();
    writeFileSync(clockFile, String(offset));
    await until(async () => (await suspends()) > noticed, 'the supervisor has recorded the suspend');
    const restarts = (await service.api.agent('crasher')).restarts;
    await until(async () => (await service.api.agent('crasher')).restarts > restarts, 'its restart came', 30_000);
    await until(async () => (await service.api.agent('crasher')).status === 'halted', 'its circuit opens', 60_000);
    const opened = (await service.api.agent('crasher')).restarts;
    rmSync(clockFile);
    await until(async () => (await service.api.agent('crasher')).restarts > opened, 'its trial came', 60_000);
    await service.api.terminate('crasher');
    // The first restart of an agent that dies now is due at once by any clock.
    process.kill((await service.api.agent('one')).pid ?? 0, 'SIGKILL');
    await until(async () => (await service.api.agent('one')).status === 'running', 'it is healed');
    const others = (views: readonly { readonly agentId: string }[]) =>
      views.filter(({ agentId }) => agentId === 'two' || agentId === 'three');
    expect(others(await processes())).toEqual(others(before));
  });

  it('that starts an hour before its last exit, by its clock, does not delay due restarts by an hour', async () => {
    await service.api.expect(200, 'POST', '/api/agents/crasher/circuit-reset');
    await service.api.post('/api/agents/crasher/spawn');
    await until(
      async () => (await service.api.agent('crasher')).status === 'backing-off',
      'an agent waits for its restart',
    );
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
