import type { AgentView } from '../../src/kernel';
import type { ApiClient } from './api-client';
import { expectUntouched, refusal, type Refusal } from './refusals';
import { makeService, type TestService } from './service';
import { settledState, type State } from './state-of';
import { until } from './until';

/** A valid definition, so that only what a test changes can be wrong. */
export const DEFINITION = { agentId: 'new', name: 'New', entryPoint: 'sleeper.sh' };

/**
 * A service that no test of a file may change or end. It has the agents `known`, which runs and has the variable `OWN`,
 * and `outside`, which is external.
 */
export interface GuardedService {
  readonly service: TestService;
  readonly admin: ApiClient;
  /** Sends a request as an admin, and expects a problem. */
  readonly attempt: (method: string, target: string, body?: string | Buffer) => Promise<Refusal>;
  /** Registers {@link DEFINITION} with these members, and expects a problem. */
  readonly register: (members: Readonly<Record<string, unknown>>) => Promise<Refusal>;
  /** Registers an agent for one test, and unregisters it afterwards. */
  readonly withAgent: (
    members: Readonly<Record<string, unknown>>,
    use: (view: AgentView) => Promise<void>,
  ) => Promise<void>;
  /** Waits until nothing changes, and takes that as the state to keep. */
  readonly accept: (quietMs?: number) => Promise<void>;
}

/** Starts the service for the tests of a file, and expects after each of them that nothing has changed. */
export function useGuardedService(settings: Readonly<Record<string, string>> = {}): GuardedService {
  let service: TestService;
  let before: State;
  let pid: number;

  beforeAll(async () => {
    service = await makeService({ settings: { RATE_LIMIT_PER_MINUTE: '0', ...settings } });
    pid = service.pid;
    const { api } = service;
    await api.register({ agentId: 'known', name: 'Known', entryPoint: 'sleeper.sh', env: { OWN: 'value' } });
    await api.register({ agentId: 'outside', name: 'Outside', entryPoint: null });
    await api.spawn('known');
    await accept();
  });

  afterAll(async () => {
    await service.destroy();
  });

  afterEach(async () => {
    await expectUntouched(service, before, pid);
  });

  const accept = async (quietMs?: number) => {
    before = await settledState(service.api, quietMs);
  };
  const attempt = (method: string, target: string, body?: string | Buffer) => refusal(service, method, target, body);
  return {
    get service() {
      return service;
    },
    get admin() {
      return service.api;
    },
    accept,
    attempt,
    register: (members) => attempt('POST', '/api/agents', JSON.stringify({ ...DEFINITION, ...members })),
    withAgent: async (members, use) => {
      const view = await service.api.register({ ...DEFINITION, ...members });
      try {
        await use(view);
      } finally {
        await until(
          async () => (await service.api.request('DELETE', `/api/agents/${view.agentId}`)).status === 204,
          'the agent of the test is unregistered',
        );
        // Unregistered, so no later event of it can arrive.
        await accept(200);
      }
    },
  };
}
