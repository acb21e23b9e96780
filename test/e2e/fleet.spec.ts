import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeBotApi, type BotApi } from '../support/bot-api';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

const AGENTS = 200;
const OUTAGE_MS = 90_000;

/** Checks that agents are not restarted for a failure that many of them have from one cause. */
describe('200 agents behind one dependency', () => {
  let service: TestService;
  let bot: BotApi;
  let dependency: Server;
  let isDown = false;

  beforeAll(async () => {
    // Answers all health checks instead of the agents.
    dependency = createServer((_, response) => {
      response.writeHead(isDown ? 503 : 200).end('{}');
    });
    await new Promise<void>((resolve) => dependency.listen(0, '127.0.0.1', resolve));
    const { port } = dependency.address() as AddressInfo;
    bot = await makeBotApi();
    service = await makeService({
      settings: {
        ...{ TELEGRAM_BOT_TOKEN: '1:x', TELEGRAM_CHAT_IDS: '42', TELEGRAM_API_ROOT: bot.url },
        ...{ HEALTH_INTERVAL_SECONDS: '5', HEALTH_TIMEOUT_SECONDS: '3', CIRCUIT_FAILURE_THRESHOLD: '1' },
      },
    });
    for (let number = 0; number < AGENTS; number += 1) {
      const agentId = `agent-${number}`;
      const healthUrl = `http://127.0.0.1:${port}/${agentId}`;
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh', healthUrl });
    }
    await service.api.expect(200, 'POST', '/api/agents/spawn', {});
    await until(
      async () => (await service.api.agents()).filter(({ status }) => status === 'running').length === AGENTS,
      'all run',
      120_000,
    );
  }, 300_000);

  afterAll(async () => {
    dependency.closeAllConnections();
    dependency.close();
    await service.destroy();
    await bot.close();
  });

  it('that is down for 90 s are not restarted: no circuit opens, and at most 2 messages are sent', async () => {
    const before = new Map((await service.api.agents()).map(({ agentId, pid }) => [agentId, pid]));
    // Does not count messages about the agents of the first start, which have no programs here.
    const messagesBefore = bot.messages('42').length;
    isDown = true;
    await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS));
    const during = await service.api.agents();
    expect(during.filter(({ status }) => status === 'unhealthy').length).toBeGreaterThan(AGENTS / 2);
    isDown = false;
    const types = () => service.api.events().then((events) => events.map(({ type }) => type));
    await until(async () => (await types()).includes('fleet.restored'), 'the incident is over', 180_000);
    const after = await service.api.agents();
    expect(after.filter(({ pid, agentId }) => pid !== before.get(agentId))).toEqual([]);
    expect(after.filter(({ restarts }) => restarts > 0)).toEqual([]);
    expect(after.filter(({ circuit }) => circuit.state !== 'CLOSED')).toEqual([]);
    expect((await types()).filter((type) => type === 'fleet.degraded')).toHaveLength(1);
    await until(
      () => bot.messages('42').some((text) => text.includes('ended after')),
      'the message about its end was sent',
      30_000,
    );
    expect(bot.messages('42').length - messagesBefore).toBeLessThanOrEqual(2);
    const everything = bot.messages('42').join('\n');
    expect(everything.match(/agents are affected by one cause: [^\n]*answered 503/g)).toHaveLength(1);
    expect(everything.match(/The common cause that affected \d+ agents ended after/g)).toHaveLength(1);
    expect(everything).not.toMatch(/agent-\d+ is halted/);
  }, 400_000);
});
