import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Random } from '../../src/kernel';
import { makeBotApi, type BotApi } from '../support/bot-api';
import { makeFaultyDisk, type FaultyDisk } from '../support/faulty-disk';
import { freePort } from '../support/health-agent';
import { makeService, type TestService } from '../support/service';
import { Checker } from './checker';

/** Short timings, so that much happens in a minute; none of the logic changes with them. */
const SETTINGS: Readonly<Record<string, string>> = {
  HEALTH_INTERVAL_SECONDS: '1',
  HEALTH_TIMEOUT_SECONDS: '1',
  HEALING_INTERVAL_SECONDS: '1',
  STARTUP_GRACE_SECONDS: '10',
  HEARTBEAT_TIMEOUT_SECONDS: '6',
  VERIFY_SECONDS: '1',
  STABLE_SECONDS: '3',
  BACKOFF_BASE_SECONDS: '0.2',
  BACKOFF_MAX_SECONDS: '2',
  CIRCUIT_COOLDOWN_SECONDS: '3',
  // Chaos itself must not halt an agent for the rest of the run: a trial comes after each cool-down, doubled each time.
  CIRCUIT_FAILURES_PER_HOUR: '10000',
  KILL_TIMEOUT_SECONDS: '2',
};

/** An agent under chaos. */
export interface Victim {
  readonly agentId: string;
  /** The faults that it can have by its own doing. */
  readonly obeys: readonly ('hang' | 'error' | 'slow' | 'exit' | 'memory' | 'port')[];
  readonly port: number | null;
  /** Gives an order to one process of it. */
  order(pid: number, text: string): void;
}

export const STUBBORN: readonly string[] = ['traps-1', 'traps-2'];
const CHECKED = ['hang', 'error', 'slow', 'exit'] as const;

export class World {
  readonly victims: Victim[] = [];
  readonly checker: Checker;
  readonly trace: string[] = [];
  private readonly began = performance.now();

  private constructor(
    readonly service: TestService,
    readonly disk: FaultyDisk,
    readonly bot: BotApi,
    readonly random: Random,
  ) {
    this.checker = new Checker(service.home.pm2Home);
  }

  /** @param preload a module that is loaded before the service's own, to show what the checker is worth */
  static async make(random: Random, preload: string | null): Promise<World> {
    const disk = makeFaultyDisk();
    const bot = await makeBotApi();
    const options = preload === null ? '' : ` --require "${preload}"`;
    const service = await makeService({
      settings: {
        ...SETTINGS,
        ...disk.settings,
        NODE_OPTIONS: `${disk.settings.NODE_OPTIONS ?? ''}${options}`,
        ...{ TELEGRAM_BOT_TOKEN: '1:chaos', TELEGRAM_CHAT_IDS: '1', TELEGRAM_API_ROOT: bot.url },
      },
    });
    const world = new World(service, disk, bot, random);
    await world.addAgents();
    return world;
  }

  readonly say = (line: string): void => {
    this.trace.push(`${((performance.now() - this.began) / 1_000).toFixed(1)} ${line}`);
  };

  drawn<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  /** Twelve: in Python, Node and sh; checked by their definition, by announcement, by heartbeat alone, and not at all. */
  private async addAgents(): Promise<void> {
    for (const number of [1, 2]) await this.add(`node-${number}`, 'answers.js', CHECKED, { isChecked: true });
    for (const number of [1, 2]) await this.add(`python-${number}`, 'chaos.py', CHECKED, { isChecked: true });
    await this.add('announces', 'chaos.py', CHECKED, {});
    for (const number of [1, 2]) {
      const grows = { isChecked: true, maxMemoryMb: 220 };
      await this.add(`grows-${number}`, 'answers.js', [...CHECKED, 'memory'], grows);
      await this.add(`port-${number}`, 'answers.js', [...CHECKED, 'port'], { isChecked: true });
    }
    await this.add('beats', 'answers.js', ['exit'], { env: { BEAT: '{"status":"ok"}', BEAT_EVERY_MS: '1000' } });
    // Traps SIGTERM: whatever ends it has to wait.
    for (const agentId of STUBBORN) await this.add(agentId, 'traps.sh', [], {});
  }

  private async add(
    agentId: string,
    entryPoint: string,
    obeys: Victim['obeys'],
    options: { isChecked?: boolean; maxMemoryMb?: number; env?: Record<string, string> },
  ): Promise<void> {
    const { root, pm2Home } = this.service.home;
    const control = path.join(root, `${agentId}.order`);
    const port = options.isChecked === true ? await freePort() : null;
    await this.service.api.register({
      ...{ agentId, name: agentId, entryPoint, maxMemoryMb: options.maxMemoryMb ?? null },
      healthUrl: port === null ? null : `http://127.0.0.1:${port}/health`,
      env: {
        ...{ AGENTS_OF: pm2Home, CONTROL: control },
        ...(port === null ? {} : { PORT: String(port) }),
        ...options.env,
      },
    });
    await this.service.api.spawn(agentId);
    const order = (pid: number, text: string) => {
      writeFileSync(control, `${pid}: ${text}`);
    };
    this.victims.push({ agentId, obeys, port, order });
  }
}
