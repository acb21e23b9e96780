import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import type { TestService } from './service';
import { until } from './until';

/** Returns an unused port of the loopback. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => {
        resolve(port);
      });
    });
  });
}

/** An agent whose answers the test sets through a file (see test/fixtures/agents/answers.js). */
export interface HealthAgent {
  readonly agentId: string;
  readonly port: number;
  /** Sets the answer to later health checks. */
  says(order: string): void;
  view(): Promise<AgentView>;
  /** Waits until it is running and its checks are good. */
  isUp(): Promise<AgentView>;
  /** Waits until it has a process other than this one. */
  isReplaced(pid: number | null): Promise<AgentView>;
}

export interface HealthAgentOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly definition?: Readonly<Record<string, unknown>>;
  /** False for an agent without a health URL. */
  readonly isChecked?: boolean;
  readonly order?: string;
}

/** Registers and spawns the agent. */
export async function makeHealthAgent(
  service: TestService,
  agentId: string,
  options: HealthAgentOptions = {},
): Promise<HealthAgent> {
  const { env = {}, definition = {}, isChecked = true, order = 'ok' } = options;
  const port = await freePort();
  const control = path.join(service.home.root, `${agentId}.order`);
  const says = (text: string) => {
    writeFileSync(control, text);
  };
  says(order);
  await service.api.register({
    ...{ agentId, name: agentId, entryPoint: 'answers.js' },
    ...(isChecked ? { healthUrl: `http://127.0.0.1:${port}/health` } : {}),
    env: { CONTROL: control, ...(isChecked ? { PORT: String(port) } : {}), ...env },
    ...definition,
  });
  await service.api.spawn(agentId);
  const view = () => service.api.agent(agentId);
  const waitFor = (isMet: (seen: AgentView) => boolean, what: string) => {
    let last: AgentView | null = null;
    return until(
      async () => {
        last = await view();
        return isMet(last) ? last : null;
      },
      () => `${agentId} ${what}; last seen: ${JSON.stringify(last)}`,
      60_000,
    );
  };
  return {
    agentId,
    port,
    says,
    view,
    isUp: () => waitFor(({ status, healthScore }) => status === 'running' && healthScore !== null, 'is up'),
    isReplaced: (before) => waitFor(({ pid }) => pid !== null && pid !== before, 'has another process'),
  };
}
