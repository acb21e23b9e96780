import type { RoutedTask } from '../../src/capabilities';
import { makeService, OPERATOR_TOKEN, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const PM2_AWAY_MS = 15_000;

type Body = RoutedTask & { readonly code: string; readonly detail: string };

/** Tests starts on demand, waits and idle stops with real agents. */
describe('routing', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await makeService();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const register = (agentId: string, capability: string, changes: Readonly<Record<string, unknown>> = {}) =>
    service.api.register({
      ...{ agentId, name: agentId, entryPoint: 'sleeper.sh', capabilities: [capability] },
      ...changes,
    });
  const route = (taskType: string, options: Readonly<Record<string, unknown>> = {}) =>
    service.api.withToken(OPERATOR_TOKEN).post<Body>('/api/tasks/route', { taskType, ...options });
  const status = async (agentId: string) => (await service.api.agent(agentId)).status;
  const has = (agentId: string, wanted: string) =>
    until(async () => (await status(agentId)) === wanted, `${agentId} is ${wanted}`);
  const events = async (agentId: string, type: string) =>
    (await service.api.events(agentId)).filter((event) => event.type === type).map(({ data }) => data);
  const saying = (pattern: RegExp) => expect.stringMatching(pattern) as unknown;
  const living = (agentId: string) => livingAgents(service.home).get(agentId) ?? [];

  it('starts a stopped agent once for all tasks that wait for it, and keeps their trace contexts', async () => {
    await register('demand', 'demand.*');
    const routes = await Promise.all([
      ...Array.from({ length: 19 }, () => route('demand.task')),
      route('demand.deeper.task', { traceparent: TRACEPARENT }),
    ]);
    expect(new Set(routes.map(({ status: code, body }) => `${code} ${body.agentId}`))).toEqual(new Set(['200 demand']));
    expect([routes.at(-1)?.body.traceparent, routes[0].body.traceparent]).toEqual([TRACEPARENT, null]);
    await until(async () => (await events('demand', 'task.routed')).length === 20, 'all stand in the history');
    const routed = await events('demand', 'task.routed');
    expect(routed.filter(({ traceparent }) => traceparent !== undefined)).toMatchObject([{ traceparent: TRACEPARENT }]);
    expect(await events('demand', 'agent.spawned')).toMatchObject([{ by: 'routing', reason: 'a task needs it' }]);
    expect(living('demand')).toHaveLength(1);
  });

  it('starts the next agent if a launch fails, and refuses with every reason if all fail', async () => {
    await register('broken', 'fallback.task', { entryPoint: 'no-such-file.sh' });
    expect(await route('fallback.task')).toMatchObject({
      status: 503,
      body: { code: 'no-available-agent', detail: saying(/broken: its start failed: .*no-such-file/) },
    });
    await register('whole', 'fallback.task');
    const { body } = await route('fallback.task');
    expect(body.agentId).toBe('whole');
    expect(body.candidates.find(({ agentId }) => agentId === 'broken')?.rejected).toMatch(/no-such-file/);
    expect(await status('broken')).toBe('stopped');
  });

  it('waits for an agent that is recovering, and never starts a halted or a paused one', async () => {
    await register('phoenix', 'phoenix.task', { policy: { verifySeconds: 1 } });
    await register('halting', 'halting.task', { policy: { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 } });
    await register('paused', 'paused.task');
    await service.api.expect(200, 'POST', '/api/agents/paused/pause', { minutes: 5 });
    for (const agentId of ['phoenix', 'halting']) await service.api.spawn(agentId);
    await Promise.all([has('phoenix', 'running'), has('halting', 'running')]);
    for (const agentId of ['phoenix', 'halting']) process.kill(living(agentId)[0] ?? 0, 'SIGKILL');
    await Promise.all([has('phoenix', 'recovering'), has('halting', 'halted')]);
    const [recovering, halted, paused] = await Promise.all(
      ['phoenix.task', 'halting.task', 'paused.task'].map((taskType) => route(taskType)),
    );
    expect(recovering).toMatchObject({ status: 200, body: { agentId: 'phoenix' } });
    expect(halted).toMatchObject({ status: 503, body: { detail: saying(/its circuit is OPEN/) } });
    expect(paused).toMatchObject({ status: 503, body: { detail: saying(/stopped and paused/) } });
    expect([await status('halting'), living('halting'), living('paused')]).toEqual(['halted', [], []]);
    expect((await events('phoenix', 'agent.spawned')).map(({ by }) => by)).toEqual(['operator', 'healing']);
  });

  it('lets a stop win over the tasks that wait, through the API and in a shell', async () => {
    const slow = { policy: { verifySeconds: 600 } };
    for (const agentId of ['stop-api', 'stop-shell', 'removed', 'given'])
      await register(agentId, `${agentId}.task`, slow);
    await register('taker', 'taker.task');
    await service.api.spawn('taker');
    await has('taker', 'running');
    const waiting = ['stop-api', 'stop-shell', 'removed', 'given'].map((agentId) => route(`${agentId}.task`));
    const lost = new AbortController();
    const unheard = fetch(`${service.url}/api/tasks/route`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({ taskType: 'stop-api.task', waitSeconds: 60 }),
      signal: lost.signal,
    }).catch(() => 'disconnected');
    await until(async () => {
      const all = await service.api.agents();
      return all.filter(({ status: each, pid }) => each === 'starting' && pid !== null).length === 4;
    }, 'all four are being verified');
    lost.abort();
    expect(await unheard).toBe('disconnected');
    await service.api.terminate('stop-api');
    await service.home.inShell('stop', 'stop-shell');
    await service.api.expect(204, 'DELETE', '/api/agents/removed');
    await service.api.expect(200, 'PUT', '/api/agents/taker/capabilities', { capabilities: ['given.task'] });
    const answers = await Promise.all(waiting);
    expect(answers.map(({ status: code }) => code)).toEqual([503, 503, 503, 200]);
    for (const { body } of answers.slice(0, 3))
      expect(body.detail).toMatch(/it was stopped(?:, or finished,)? while the task waited/);
    expect(answers[3]?.body.agentId).toBe('taker');
    expect(await route('removed.task')).toMatchObject({ status: 404, body: { code: 'no-capable-agent' } });
    for (const agentId of ['stop-api', 'stop-shell']) {
      expect([await status(agentId), living(agentId)]).toEqual(['stopped', []]);
      expect(await events(agentId, 'agent.spawned')).toHaveLength(1);
    }
  });

  it('answers in time while PM2 does not', async () => {
    await register('unreached', 'pm2.task');
    await register('reached', 'other.task');
    await service.api.spawn('reached');
    await has('reached', 'running');
    const daemon = service.home.daemonPid() ?? 0;
    process.kill(daemon, 'SIGSTOP');
    const began = performance.now();
    const [refused, routed] = await Promise.all([route('pm2.task', { waitSeconds: 2 }), route('other.task')]);
    const tookMs = performance.now() - began;
    process.kill(daemon, 'SIGCONT');
    expect([refused.status, refused.body.code, routed.status]).toEqual([503, 'no-available-agent', 200]);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(tookMs).toBeLessThan(PM2_AWAY_MS);
    await has('unreached', 'running');
    expect(living('unreached')).toHaveLength(1);
  });

  it('stops an agent that it started once it is idle, but not while it is busy, and no agent of an operator', async () => {
    const policy = { idleStopSeconds: 1.5, heartbeatTimeoutSeconds: 60 };
    for (const agentId of ['idle', 'busy', 'owned', 'kept']) await register(agentId, `${agentId}.task`, { policy });
    await register('outlasts', 'outlasts.task', { policy: { idleStopSeconds: 4 } });
    await register('begun', 'begun.task');
    const beat = (busy: boolean) => service.api.expect(204, 'POST', '/api/agents/busy/heartbeat', { busy });
    await service.api.spawn('owned');
    const all = ['idle', 'busy', 'owned', 'kept', 'outlasts'];
    const answers = await Promise.all(all.map((agentId) => route(`${agentId}.task`)));
    expect(answers.map(({ status: code }) => code)).toEqual([200, 200, 200, 200, 200]);
    await beat(true);
    await service.api.spawn('kept');
    await has('idle', 'stopped');
    await until(async () => (await events('idle', 'agent.terminated')).length === 1, 'it is terminated');
    expect(await events('idle', 'agent.terminated')).toMatchObject([{ by: 'idle' }]);
    expect(living('idle')).toEqual([]);
    expect(await Promise.all(['busy', 'owned', 'kept'].map(status))).toEqual(['running', 'running', 'running']);
    // The fact that routing started it survives a restart of the supervisor, as does a start that was just begun.
    const lost = route('begun.task').catch(() => null);
    await until(async () => (await status('begun')) !== 'stopped', 'its start is saved');
    await service.end('SIGKILL');
    await lost;
    await service.start();
    await beat(false);
    expect(await route('begun.task')).toMatchObject({ status: 200, body: { agentId: 'begun' } });
    expect(living('begun')).toHaveLength(1);
    await Promise.all(['busy', 'outlasts'].map((agentId) => has(agentId, 'stopped')));
    await until(async () => (await events('outlasts', 'agent.terminated')).length === 1, 'it is terminated');
    expect(await events('outlasts', 'agent.terminated')).toMatchObject([{ by: 'idle' }]);
    expect(await Promise.all(['owned', 'kept'].map(status))).toEqual(['running', 'running']);
    expect(await route('idle.task')).toMatchObject({ status: 200, body: { agentId: 'idle' } });
  });

  it('answers 200 tasks at once while agents die, and never with one that was halted when it was asked', async () => {
    const agents = Array.from({ length: 6 }, (_, number) => `storm-${number}`);
    const policy = { circuitFailureThreshold: 2, circuitCooldownSeconds: 600 };
    await Promise.all(agents.map((agentId) => register(agentId, 'storm.*', { policy })));
    await Promise.all(agents.slice(1).map((agentId) => service.api.spawn(agentId)));
    await Promise.all(agents.slice(1).map((agentId) => has(agentId, 'running')));
    const kill = (agentId: string) => {
      for (const pid of living(agentId)) process.kill(pid, 'SIGKILL');
    };
    const halted = new Set<string>();
    const halt = async (agentId: string) => {
      await until(async () => {
        kill(agentId);
        return (await status(agentId)) === 'halted';
      }, `${agentId} is halted`);
      halted.add(agentId);
    };
    const ask = async () => {
      const before = [...halted];
      const { status: code, body } = await route('storm.task');
      return { code, wasHalted: before.includes(body.agentId) };
    };
    await halt('storm-1');
    const asked = Array.from({ length: 100 }, ask);
    kill('storm-2');
    kill('storm-3');
    const halting = halt('storm-4');
    asked.push(...Array.from({ length: 50 }, ask));
    await halting;
    kill('storm-5');
    asked.push(...Array.from({ length: 50 }, ask));
    const answers = await Promise.all(asked);
    expect(answers.filter(({ wasHalted }) => wasHalted)).toEqual([]);
    expect(answers.filter(({ code }) => code !== 200 && code !== 503)).toEqual([]);
    expect(answers.filter(({ code }) => code === 200).length).toBeGreaterThan(0);
    expect(await Promise.all(['storm-1', 'storm-4'].map(status))).toEqual(['halted', 'halted']);
  });
});
