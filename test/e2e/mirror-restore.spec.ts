import { rmSync } from 'node:fs';
import type { ProblemAnswer } from '../support/api-client';
import { makeTestHome } from '../support/pm2-home';
import { makeService, type TestService } from '../support/service';
import { availableRigs, startRig, type SupabaseRig } from '../support/supabase-rig';
import { until } from '../support/until';

const SECRET = 'value-that-never-leaves-4c1d';

const [kind] = [...availableRigs()].reverse();
const describeHere = kind === undefined ? describe.skip : describe;

interface Readiness {
  readonly details: { readonly mirror: Readonly<Record<string, unknown>> };
}

/** Replaces a lost machine by another one. */
describeHere(`RESTORE_FROM, on ${kind ?? 'nothing (skipped: no PostgREST for this machine)'}`, () => {
  let rig: SupabaseRig;
  let first: TestService;
  let second: TestService;
  const cleanups: (() => Promise<void>)[] = [];

  const settings = () => ({ SUPABASE_URL: rig.url, SUPABASE_SERVICE_ROLE_KEY: rig.serviceKey });
  const mirrorOf = async ({ api }: TestService) =>
    (await api.expect<Readiness>(200, 'GET', '/health/ready')).details.mirror;
  const isThere = ({ api }: TestService) =>
    until(async () => {
      const { waiting, lastError } = await api.expect<Record<string, unknown>>(200, 'GET', '/api/mirror');
      return waiting === 0 && lastError === null;
    }, 'everything is in the mirror');

  beforeAll(async () => {
    rig = await startRig({ kind: kind! });
    cleanups.push(() => rig.stop());
    first = await makeService({ settings: { ...settings(), INSTANCE_ID: 'first', CIRCUIT_COOLDOWN_SECONDS: '600' } });
    cleanups.push(() => first.destroy());
    const { api } = first;
    await api.register({
      ...{ agentId: 'worker', name: 'Worker', entryPoint: 'sleeper.sh', capabilities: ['work.do'], tags: ['t'] },
      ...{ env: { API_KEY: SECRET, MODE: 'x' }, policy: { restart: 'on-failure', verifySeconds: 0.1 } },
    });
    await api.register({ agentId: 'plain', name: 'Plain', entryPoint: 'sleeper.sh', autostart: true });
    await api.register({ agentId: 'broken', name: 'Broken', entryPoint: 'imports_nothing.py' });
    await api.register({
      agentId: 'outside',
      name: 'Outside',
      entryPoint: null,
      healthUrl: 'http://127.0.0.1:9/health',
    });
    await api.spawn('worker');
    await until(async () => (await api.agent('worker')).status === 'running', 'it runs');
    await api.spawn('broken');
    await until(async () => (await api.agent('broken')).circuit.state === 'OPEN', 'its circuit is open');
    await isThere(first);
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it('finds no value of env and no token in the mirror, but the status of each agent', async () => {
    const sent = rig.requests.map(({ path, body }) => path + body).join('\n');
    expect(sent).toContain('API_KEY');
    for (const secret of [SECRET, rig.serviceKey, 'admin-token-of-the-tests']) expect(sent).not.toContain(secret);
    expect(await rig.query('select agent_id, desired_state, status from actp_agent_registry order by 1')).toEqual([
      { agent_id: 'broken', desired_state: 'running', status: 'halted' },
      { agent_id: 'outside', desired_state: 'running', status: 'unknown' },
      { agent_id: 'plain', desired_state: 'running', status: 'running' },
      { agent_id: 'worker', desired_state: 'running', status: 'running' },
    ]);
  });

  it('refuses an instance that the project does not have', async () => {
    const home = makeTestHome();
    rmSync(home.dataDir, { recursive: true, force: true });
    const { code, output } = await first.attempt({
      ...{ RESTORE_FROM: 'unknown', DATA_DIR: home.dataDir, PM2_HOME: home.pm2Home },
    });
    expect(code).toBe(78);
    expect(output).toMatch(/RESTORE_FROM: the project has no agents of unknown\. It has rows of first\./);
    await home.destroy();
  });

  it('restores everything into an empty folder, with every agent stopped', async () => {
    const before = await Promise.all([
      first.api.agents(),
      first.api.expect<{ events: unknown[] }>(200, 'GET', '/api/events?after=0&limit=1000'),
      first.api.expect<{ restarts: unknown[] }>(200, 'GET', '/api/agents/broken/restarts'),
    ]);
    second = await makeService({
      settings: { ...settings(), RESTORE_FROM: 'first' },
      makesDatabase: true,
      firstStart: true,
    });
    cleanups.push(() => second.destroy());
    const { api } = second;
    const agents = await api.agents();
    const definitionOf = ({
      agentId,
      name,
      entryPoint,
      args,
      tags,
      capabilities,
      policy,
      healthUrl,
    }: (typeof agents)[0]) => ({
      ...{ agentId, name, entryPoint, args, tags, capabilities, policy, healthUrl },
    });
    expect(agents.map(definitionOf)).toEqual(before[0].map(definitionOf));
    expect(agents.map(({ agentId, desiredState, pid }) => [agentId, desiredState, pid])).toEqual([
      ['worker', 'stopped', null],
      ['plain', 'stopped', null],
      ['broken', 'stopped', null],
      ['outside', 'running', null],
    ]);
    expect(await api.agent('broken')).toMatchObject({ circuit: { state: 'OPEN' } });
    expect(await api.expect(200, 'GET', '/api/capabilities')).toEqual({ capabilities: { 'work.do': ['worker'] } });
    const { events } = await api.expect<{ events: unknown[] }>(200, 'GET', '/api/events?after=0&limit=1000');
    expect(events.slice(0, before[1].events.length)).toEqual(before[1].events);
    expect(await api.expect(200, 'GET', '/api/agents/broken/restarts')).toEqual(before[2]);
    expect(second.output()).toMatch(/Restored \d+ rows of first from the mirror: every agent is stopped/);
    expect(second.output()).toMatch(/worker cannot be spawned before the values of API_KEY, MODE are set/);
  });

  it('refuses to spawn an agent until the operator has set its missing values', async () => {
    const { api } = second;
    expect(await api.agent('worker')).toMatchObject({ env: {}, missingEnv: ['API_KEY', 'MODE'] });
    for (const operation of ['spawn', 'restart']) {
      const refused = await api.post<ProblemAnswer>(`/api/agents/worker/${operation}`);
      expect(refused).toMatchObject({ status: 422, body: { code: 'invalid-request' } });
      expect(refused.body.errors).toEqual([
        { pointer: '/env/API_KEY', detail: 'has no value on this machine' },
        { pointer: '/env/MODE', detail: 'has no value on this machine' },
      ]);
    }
    expect(await api.agent('worker')).toMatchObject({ status: 'stopped', desiredState: 'stopped' });
    // One value is set, another change keeps the other name missing, and a name can be removed.
    await api.expect(200, 'PATCH', '/api/agents/worker', { env: { API_KEY: 'set again' } });
    await api.expect(200, 'PATCH', '/api/agents/worker', { name: 'Worker renamed' });
    expect(await api.agent('worker')).toMatchObject({ env: { API_KEY: '***' }, missingEnv: ['MODE'] });
    expect((await api.post('/api/agents/worker/spawn')).status).toBe(422);
    await api.expect(200, 'PATCH', '/api/agents/worker', { env: { MODE: null } });
    expect((await api.spawn('worker')).pid).toBeGreaterThan(0);
    expect(await api.agent('worker')).toMatchObject({ env: { API_KEY: '***' }, missingEnv: [] });
    expect((await api.spawn('plain')).pid).toBeGreaterThan(0);
  });

  it('replaces the first instance, which stops writing', async () => {
    await isThere(second);
    await first.api.expect(200, 'PATCH', '/api/agents/plain', { name: 'of the first instance' });
    await until(async () => (await mirrorOf(first)).degraded === true, 'the first instance notices', 30_000);
    const { degraded } = await first.api.expect<Record<string, unknown>>(200, 'GET', '/api/mirror');
    expect(degraded).toMatch(/belongs to the instance first, written from another DATA_DIR/);
    expect(await rig.query(`select name from actp_agent_registry where agent_id = 'plain'`)).toEqual([
      { name: 'Plain' },
    ]);
    // It continues to supervise.
    expect((await first.api.agent('worker')).status).toBe('running');
    await second.end();
    // RESTORE_FROM may stay set: it has no effect once there is a database.
    await second.start();
    expect(await second.api.agent('worker')).toMatchObject({ name: 'Worker renamed', desiredState: 'running' });
    await isThere(second);
  });
});
