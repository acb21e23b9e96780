import { cpSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { freePort } from '../support/health-agent';
import { ENDLESS, makeModelServer, type ModelServer } from '../support/model-server';
import { EXAMPLES, LANGUAGES, makeOrders, type Language, type Orders } from '../support/ordered-agent';
import { makeTestHome } from '../support/pm2-home';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

const QUICK_HEALTH = {
  HEALTH_INTERVAL_SECONDS: '0.4',
  HEARTBEAT_TIMEOUT_SECONDS: '10',
  CIRCUIT_FAILURE_THRESHOLD: '50',
  CIRCUIT_FAILURES_PER_HOUR: '100',
};

interface HelperAgent extends Orders {
  readonly agentId: string;
  readonly language: Language;
  view(): Promise<AgentView>;
  /** Returns what the agent printed on stderr. */
  complaints(): string;
  isUp(): Promise<AgentView>;
}

/** Agents that use the helpers, under the real service. */
describe('an agent with a helper', () => {
  let service: TestService;
  let model: ModelServer;

  beforeAll(async () => {
    const home = makeTestHome();
    for (const folder of [EXAMPLES, path.resolve(__dirname, '../fixtures/helpers')])
      cpSync(folder, home.agentsDir, { recursive: true });
    symlinkSync(path.resolve(__dirname, '../../node_modules'), path.join(home.root, 'node_modules'));
    // Running agents keep the address of the service through its restart.
    const settings = { ...QUICK_HEALTH, PORT: String(await freePort()) };
    [service, model] = await Promise.all([makeService({ home, settings }), makeModelServer()]);
  });

  afterAll(async () => {
    await service.destroy();
    await model.close();
  });

  const viewUntil = (agentId: string, isMet: (view: AgentView) => boolean, what: string): Promise<AgentView> => {
    let last: AgentView | null = null;
    return until(
      async () => {
        last = await service.api.agent(agentId);
        return isMet(last) ? last : null;
      },
      () => `${agentId} ${what}; last seen: ${JSON.stringify(last)}`,
      45_000,
    );
  };

  async function makeAgent(name: string, language: Language, policy: object): Promise<HelperAgent> {
    const agentId = `${name}-${language}`;
    const orders = makeOrders(service.home.root, agentId, language);
    await service.api.register({
      ...{ agentId, name: agentId, entryPoint: path.basename(orders.program), args: orders.args, policy },
      env: { HEARTBEAT_SECONDS: '0.4' },
    });
    await service.api.spawn(agentId);
    return {
      ...{ ...orders, agentId, language },
      view: () => service.api.agent(agentId),
      complaints: () => {
        const entry = service.home.list().find((each) => each.name === agentId);
        return readFileSync(entry?.pm2_env.pm_err_log_path as string, 'utf8');
      },
      isUp: () => viewUntil(agentId, ({ announced, status }) => announced !== null && status === 'running', 'is up'),
    };
  }

  it('reports again after a restart of the service, which restarts no agent and loses no token', async () => {
    const agents = await Promise.all(LANGUAGES.map((each) => makeAgent('steady', each, { tokenBudget: 1_000 })));
    const before = await Promise.all(
      agents.map(async ({ give, isUp }) => {
        await give(['start', null], ['begin', 'letter 7'], ['tokens', 300]);
        return isUp();
      }),
    );
    expect(before.map(({ healthScore }) => healthScore)).not.toContain(0);

    await service.end('SIGKILL');
    await Promise.all(agents.map(({ give }) => give(['progress'], ['tokens', 300])));
    for (const each of agents) await until(() => each.complaints() !== '', `${each.agentId} says that heartbeats fail`);
    await service.start();
    for (const each of agents)
      await until(() => each.complaints().includes('work again'), `${each.agentId} says that heartbeats work`);
    await Promise.all(
      agents.map(async ({ agentId, complaints }, index) => {
        const pid = before[index]?.pid;
        const view = await viewUntil(agentId, ({ status }) => status === 'running', 'is adopted');
        expect(view).toMatchObject({ pid, restarts: 0, announced: before[index]?.announced });
        expect(complaints().trimEnd().split('\n')).toEqual([
          expect.stringMatching(/^heartbeat failed, retrying: /),
          'heartbeats work again',
        ]);
      }),
    );
    // 600 of 1,000 tokens are used. The counters go on, and are not counted again.
    await Promise.all(
      agents.map(async ({ agentId, give, view }) => {
        await give(['tokens', 399], ['status', 'degraded', 'nearly spent']);
        const explanation = async () =>
          (await service.api.get<{ explanation: string }>(`/api/agents/${agentId}/health`)).body.explanation;
        await until(async () => (await explanation()).includes('report a problem'), 'the heartbeat arrived');
        expect(await view()).toMatchObject({ status: 'running', restarts: 0 });
        await give(['tokens', 2]);
        const halted = await viewUntil(agentId, ({ status }) => status === 'halted', 'is halted');
        expect(halted.lastFailure?.cause).toBe('over-budget');
        await service.api.terminate(agentId);
      }),
    );
  });

  it('is restarted if it loops, however much it calls and spends, and not if it is slow', async () => {
    const policy = { progressTimeoutSeconds: 3.5 };
    const [loops, slow] = await Promise.all([
      Promise.all(LANGUAGES.map((each) => makeAgent('loops', each, policy))),
      Promise.all(LANGUAGES.map((each) => makeAgent('slow', each, policy))),
    ]);
    await service.api.register({
      ...{
        agentId: 'claude',
        name: 'Claude',
        entryPoint: 'anthropic_agent.mjs',
        args: [`An ${ENDLESS} question`],
        policy,
      },
      env: { ANTHROPIC_API_KEY: 'key', ANTHROPIC_BASE_URL: model.url, HEARTBEAT_SECONDS: '0.4' },
    });
    await service.api.spawn('claude');
    await Promise.all([
      ...loops.map(({ give }) => give(['start', null], ['begin', 'letter 8'], ['repeat', 'search', false, 1, 100])),
      ...slow.map(({ give }) => give(['start', null], ['begin', 'letter 9'], ['repeat', 'search', true, 1, 800])),
    ]);
    const steady = await Promise.all(slow.map(({ isUp }) => isUp()));
    await Promise.all(
      [...loops.map(({ agentId }) => agentId), 'claude'].map(async (agentId) => {
        const restarted = await viewUntil(agentId, ({ restarts, pid }) => restarts > 0 && pid !== null, 'is restarted');
        expect(restarted.lastFailure).toMatchObject({ cause: 'stuck', action: 'restart' });
      }),
    );
    // The next run knows why it exists, and what was being done.
    await Promise.all(
      loops.map(async ({ give }) => {
        // It carries out its first orders again.
        const past = (await give(['past'], ['past'], ['past'], ['past'])).map(([result]) => result);
        const known = past.find((each): each is [number, string, string] => Array.isArray(each));
        expect(known?.[0]).toBeGreaterThan(0);
        expect(known?.slice(1)).toEqual([expect.stringMatching(/stuck|progress/), 'letter 8']);
      }),
    );
    expect(await Promise.all(slow.map(({ view }) => view()))).toMatchObject(
      steady.map(({ pid }) => ({ lastFailure: null, pid, restarts: 0, status: 'running' })),
    );
    await Promise.all([...loops, ...slow].map(({ agentId }) => service.api.terminate(agentId)));
    await service.api.terminate('claude');
  });
});
