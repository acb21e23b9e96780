import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeBotApi, type BotApi } from '../support/bot-api';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

const AGENTS = 200;
const AWAY_MS = 90_000;

/** Many agents, one cause: none of them is at fault, so none is restarted. */
describe('200 agents behind one dependency', () => {
  let service: TestService;
  let bot: BotApi;
  let dependency: Server;
  let isAway = false;

  beforeAll(async () => {
    // What all health checks go through, in the agents' place.
    dependency = createServer((_, response) => {
      response.writeHead(isAway ? 503 : 200).end('{}');
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

  it('that is away for 90 s: 0 circuits open, 0 restarts, at most 2 messages', async () => {
    const before = new Map((await service.api.agents()).map(({ agentId, pid }) => [agentId, pid]));
    // What was told of the agents of the first start, which have no programs here, is another matter.
    const toldBefore = bot.messages('42').length;
    isAway = true;
    await new Promise((resolve) => setTimeout(resolve, AWAY_MS)); // so long it is away
    const meanwhile = await service.api.agents();
    expect(meanwhile.filter(({ status }) => status === 'unhealthy').length).toBeGreaterThan(AGENTS / 2);
    isAway = false;
    const types = () => service.api.events().then((events) => events.map(({ type }) => type));
    await until(async () => (await types()).includes('fleet.restored'), 'the incident is over', 180_000);
    const after = await service.api.agents();
    expect(after.filter(({ pid, agentId }) => pid !== before.get(agentId))).toEqual([]);
    expect(after.filter(({ restarts }) => restarts > 0)).toEqual([]);
    expect(after.filter(({ circuit }) => circuit.state !== 'CLOSED')).toEqual([]);
    expect((await types()).filter((type) => type === 'fleet.degraded')).toHaveLength(1);
    await until(() => bot.messages('42').some((text) => text.includes('is over')), 'its end is told', 30_000);
    // The first may have been put into a message that was sent a moment before.
    expect(bot.messages('42').length - toldBefore).toBeLessThanOrEqual(2);
    const everything = bot.messages('42').join('\n');
    expect(everything.match(/agents are affected by one cause: [^\n]*answered 503/g)).toHaveLength(1);
    expect(everything.match(/The cause that affected \d+ agents is over/g)).toHaveLength(1);
    expect(everything).not.toMatch(/agent-\d+ is halted/);
  }, 400_000);
});
