import {
  Injectable,
  type BeforeApplicationShutdown,
  type FactoryProvider,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { SupervisorEvents } from './healing';
import {
  BACKGROUND,
  DISCONNECT,
  LOAD,
  OPEN,
  QUIESCE,
  SAVE,
  SUPERVISE,
  type Find,
  type Step,
  type Token,
} from './start-order';

const STEPS = [...LOAD, ...SUPERVISE, ...OPEN, ...BACKGROUND, ...QUIESCE, ...DISCONNECT, ...SAVE];
const TOKENS = [...new Set([SupervisorEvents, ...STEPS.flatMap(({ needs }) => needs)])];

/**
 * Starts and stops all parts, in the order that `start-order.ts` states. Nest calls its hooks before the port is bound,
 * and at shutdown. It has no hook for "the port is bound", so the caller of `listen` calls {@link start}.
 */
@Injectable()
export class Lifecycle implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private hasStarted = false;

  constructor(private readonly find: Find) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.run(LOAD);
  }

  /** Runs once the port is bound. @param open lets the held requests pass */
  async start(open: () => void): Promise<void> {
    await Promise.all([this.run(SUPERVISE), this.run(OPEN).then(open)]);
    await this.run(BACKGROUND);
    this.hasStarted = true;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.run(QUIESCE);
    if (this.hasStarted) this.find(SupervisorEvents).recordStop();
    await this.run(DISCONNECT);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.run(SAVE);
  }

  private async run(steps: readonly Step[]): Promise<void> {
    for (const { run } of steps) await run(this.find);
  }
}

/** Injects every part that a step needs. */
export const LIFECYCLE: FactoryProvider<Lifecycle> = {
  provide: Lifecycle,
  inject: TOKENS as FactoryProvider['inject'],
  useFactory: (...parts: unknown[]) => {
    const byToken = new Map(TOKENS.map((token, index) => [token, parts[index]] as const));
    return new Lifecycle(<T>(token: Token<T>) => byToken.get(token) as T);
  },
};
