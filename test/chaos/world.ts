import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { Mutex, type Random } from '../../src/kernel';
import { makeBotApi, type BotApi } from '../support/bot-api';
import { makeFaultyDisk, type FaultyDisk } from '../support/faulty-disk';
import { freePort } from '../support/health-agent';
import { makeService, type TestService } from '../support/service';
import { Checker } from './checker';

/** Short timings, so that much happens in a minute. They do not change the logic. */
const SETTINGS: Readonly<Record<string, string>> = {
  HEALTH_INTERVAL_SECONDS: '1',
  HEALTH_TIMEOUT_SECONDS: '1',
  HEALING_INTERVAL_SECONDS: '1',
  STARTUP_GRACE_SECONDS: '10',
  HEARTBEAT_TIMEOUT_SECONDS: '10',
  VERIFY_SECONDS: '1',
  STABLE_SECONDS: '3',
  BACKOFF_BASE_SECONDS: '0.2',
  BACKOFF_MAX_SECONDS: '2',
  CIRCUIT_COOLDOWN_SECONDS: '3',
  // The faults must not halt an agent for the rest of the run, because each failed trial doubles the cool-down.
  CIRCUIT_FAILURES_PER_HOUR: '10000',
  KILL_TIMEOUT_SECONDS: '2',
};

/** An agent under test. */
export interface Victim {
  readonly agentId: string;
  /** The faults that it makes itself on request. */
  readonly obeys: readonly ('hang' | 'error' | 'slow' | 'exit' | 'memory' | 'port')[];
  readonly port: number | null;
  /** Requests a fault from one of its processes. */
  order(pid: number, text: string): void;
}

/** Time after which a fault is healed, or the agent is halted. */
const HEALED_MS = 60_000;
/** Time after a common fault within which each agent runs again. */
const RECOVERED_MS = 25_000;
/** Environment with which an agent sends a heartbeat every second. */
const BEATS = { BEAT: '{"status":"ok"}', BEAT_EVERY_MS: '1000' };

export const STUBBORN: readonly string[] = ['traps-1', 'traps-2'];
const CHECKED = ['hang', 'error', 'slow', 'exit'] as const;

export class World {
  readonly victims: Victim[] = [];
  readonly checker: Checker;
  readonly trace: string[] = [];
  readonly violations: string[] = [];
  /** Number of processes that lived through a freeze of the service and were watched afterwards. */
  livedThroughFreezes = 0;
  /** By agent: the time until which a fault of its own, or a command, may kill its process. */
  private readonly touchedUntil = new Map<string, number>();
  private readonly began = performance.now();

  private constructor(
    readonly service: TestService,
    readonly disk: FaultyDisk,
    readonly bot: BotApi,
    readonly random: Random,
  ) {
    this.checker = new Checker(service.home.pm2Home);
  }

  /** Starts the service with twelve agents. @param preload a module that is loaded before the service's own */
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

  /** Held while the supervisor is killed and starts, or is frozen. On a slow machine a start outlasts its place in the plan. */
  readonly supervisorFaults = new Mutex();

  readonly say = (line: string): void => {
    this.trace.push(`${((performance.now() - this.began) / 1_000).toFixed(1)} ${line}`);
  };

  /** Records a fault or a command that may kill the agent's process. */
  touch(agentId: string, healedMs = HEALED_MS): void {
    const until = Math.max(this.touchedUntil.get(agentId) ?? 0, performance.now() + healedMs);
    this.touchedUntil.set(agentId, until);
  }

  /** Records a common fault, after which any agent may be restarted. */
  touchAll(): void {
    for (const { agentId } of this.victims) this.touch(agentId, RECOVERED_MS);
  }

  /** Returns true if no fault of its own and no command can explain an exit of its process after this time. */
  isUntouchedSince(agentId: string, time: number): boolean {
    return (this.touchedUntil.get(agentId) ?? 0) < time;
  }

  draw<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  /**
   * Registers twelve agents in Python, Node and sh. They are checked by definition, by announcement, by heartbeat, or
   * not at all. Five send heartbeats.
   */
  private async addAgents(): Promise<void> {
    for (const number of [1, 2])
      await this.add(`node-${number}`, 'answers.js', CHECKED, { isChecked: true, env: BEATS });
    for (const number of [1, 2]) await this.add(`python-${number}`, 'chaos.py', CHECKED, { isChecked: true });
    await this.add('announces', 'chaos.py', CHECKED, {});
    for (const number of [1, 2]) {
      const grows = { isChecked: true, maxMemoryMb: 220, env: number === 1 ? BEATS : {} };
      await this.add(`grows-${number}`, 'answers.js', [...CHECKED, 'memory'], grows);
      const listens = { isChecked: true, env: number === 1 ? BEATS : {} };
      await this.add(`port-${number}`, 'answers.js', [...CHECKED, 'port'], listens);
    }
    await this.add('beats', 'answers.js', ['exit'], { env: BEATS });
    // These ignore SIGTERM, so a stop has to wait for SIGKILL.
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
