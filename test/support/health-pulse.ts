import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestService } from './service';
import { until } from './until';

/** An external agent whose checks a test counts, to wait until the supervisor has had its chance to act. */
export interface HealthPulse {
  /** Waits until the supervisor has made so many more checks of it. */
  checks(count: number): Promise<void>;
  close(): void;
}

/** Registers the external agent `pulse`, which is checked at the service's own interval. */
export async function makeHealthPulse(service: TestService): Promise<HealthPulse> {
  let seen = 0;
  const server = createServer((_, response) => {
    seen += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const healthUrl = `http://127.0.0.1:${port}/`;
  await service.api.register({ agentId: 'pulse', name: 'pulse', entryPoint: null, healthUrl });
  return {
    checks: async (count) => {
      const enough = seen + count;
      await until(
        () => seen >= enough,
        () => `${count} checks of another agent were made`,
        60_000,
      );
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
