import { cpSync } from 'node:fs';
import path from 'node:path';
import type { Type } from '@nestjs/common';
import { readSettings, resolveSettings } from '../../src/config';
import { startService } from '../../src/service';
import { copyDatabaseTo } from './database-template';
import { makeTestHome, type TestHome } from './pm2-home';

/** A class whose constructor is private. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what Nest takes as a token
type Constructorless<T> = Function & { readonly prototype: T };

/** The whole service inside this process, so that its providers can be called. PM2 and the agents are real. */
export interface TestApp {
  readonly home: TestHome;
  readonly url: string;
  get<T>(provider: Type<T> | Constructorless<T>): T;
  destroy(): Promise<void>;
}

/** @param addAgents puts more files into AGENTS_DIR before the service starts */
export async function makeApp(
  overrides: Readonly<Record<string, string>> = {},
  addAgents: (agentsDir: string) => void = () => undefined,
): Promise<TestApp> {
  const home = makeTestHome();
  cpSync(path.resolve(__dirname, '../fixtures/agents'), home.agentsDir, { recursive: true });
  addAgents(home.agentsDir);
  await copyDatabaseTo(path.join(home.dataDir, 'db'));
  // STABLE_SECONDS must exceed the lifetime of a crashing program on a busy machine. Otherwise its run counts as good.
  const settings = readSettings({
    ...{ PORT: '0', LOG_LEVEL: 'silent', DATA_DIR: home.dataDir, PM2_HOME: home.pm2Home, AGENTS_DIR: home.agentsDir },
    ...{ HEALING_INTERVAL_SECONDS: '0.5', VERIFY_SECONDS: '0.3', STABLE_SECONDS: '2', KILL_TIMEOUT_SECONDS: '1' },
    ...{ BACKOFF_BASE_SECONDS: '0.1', BACKOFF_MAX_SECONDS: '1', CIRCUIT_COOLDOWN_SECONDS: '1' },
    ...overrides,
  });
  try {
    const service = await startService(resolveSettings(settings, home.root, home.root));
    return {
      home,
      url: service.url,
      get: (provider) => service.app.get(provider),
      destroy: async () => {
        await service.stop();
        await home.destroy();
      },
    };
  } catch (error) {
    await home.destroy();
    throw error;
  }
}
