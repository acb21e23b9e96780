import { writeFileSync } from 'node:fs';
import { CapabilityRegistry } from '../../src/capabilities';
import { AgentRegistry } from '../../src/registry';
import { WriteQueue } from '../../src/persistence';
import { makeApp, type TestApp } from '../support/app';
import { makeCheckServer, type CheckServer } from '../support/check-server';
import { until } from '../support/until';

const rounds = Number(process.env.BENCH_ROUNDS ?? '3');
const report = process.env.BENCH_REPORT;
const DECISIONS = 200;
const ABLE = 5;
const SIZES = { few: 5, many: 500 };
const TASK = 'bench.task';

interface Side {
  readonly app: TestApp;
  readonly agents: number;
  /** Microseconds: the p50 of each round. */
  readonly times: number[];
}

/** Runs by `npm run bench -- route`. The agents are external: they are routed to, but have no process here. */
describe('a route decision', () => {
  let server: CheckServer;
  let sides: Readonly<Record<keyof typeof SIZES, Side>>;

  beforeAll(async () => {
    server = await makeCheckServer();
    sides = { few: await makeSide(SIZES.few), many: await makeSide(SIZES.many) };
  }, 300_000);
  afterAll(async () => {
    for (const { app } of Object.values(sides)) await app.destroy();
    server.close();
    const [few, many] = [sides.few, sides.many].map(({ agents, times }) => ({ agents, times }));
    if (report !== undefined) writeFileSync(report, JSON.stringify({ few, many, decisions: DECISIONS }));
  }, 120_000);

  async function makeSide(agents: number): Promise<Side> {
    const app = await makeApp({ HEALTH_INTERVAL_SECONDS: '600' });
    const registry = app.get(AgentRegistry);
    for (let number = 0; number < agents; number += 1) {
      const isAble = number < ABLE;
      await registry.register({
        ...{ agentId: `bench-${number}`, name: `Bench ${number}`, entryPoint: null },
        capabilities: [isAble ? (number % 2 === 0 ? TASK : 'bench.*') : `other.task-${number}`],
        healthUrl: server.healthUrl(`bench-${number}`),
        policy: isAble ? { healthIntervalSeconds: 1 } : {},
      });
    }
    const capabilities = app.get(CapabilityRegistry);
    await until(
      async () => {
        const { candidates } = await capabilities.routeTask(TASK, { waitSeconds: 0 });
        return candidates.filter(({ rejected }) => rejected === undefined).length === ABLE;
      },
      'all able agents are usable',
      60_000,
    );
    return { app, agents, times: [] };
  }

  async function playRound({ app, times }: Side): Promise<void> {
    const capabilities = app.get(CapabilityRegistry);
    const each: number[] = [];
    for (let count = 0; count < DECISIONS; count += 1) {
      const began = performance.now();
      await capabilities.routeTask(TASK);
      each.push((performance.now() - began) * 1_000);
    }
    times.push(each.sort((left, right) => left - right)[DECISIONS / 2] ?? 0);
    // The history is written behind the decisions. Nothing of it reaches into the next round.
    await app.get(WriteQueue).submit(() => Promise.resolve());
  }

  it('is measured with few and with many agents', async () => {
    // The first rounds are discarded: the code is not compiled yet.
    for (let round = -3; round < rounds; round += 1) {
      for (const side of Object.values(sides)) await playRound(side);
      if (round < 0) for (const { times } of Object.values(sides)) times.length = 0;
    }
    expect(sides.few.times).toHaveLength(rounds);
  }, 300_000);
});
