import type { AgentView } from '../../src/kernel';
import { makeHealthAgent, type HealthAgent, type HealthAgentOptions } from './health-agent';
import { makeHealthPulse, type HealthPulse } from './health-pulse';
import { makeService, type TestService } from './service';
import { until } from './until';

/** Timings under which a hang is detected within about two seconds. */
const QUICK_HEALTH = {
  HEALTH_INTERVAL_SECONDS: '0.4',
  HEALTH_TIMEOUT_SECONDS: '0.4',
  STARTUP_GRACE_SECONDS: '6',
  HEARTBEAT_TIMEOUT_SECONDS: '1.5',
  STABLE_SECONDS: '1',
  CIRCUIT_FAILURE_THRESHOLD: '50',
  CIRCUIT_FAILURES_PER_HOUR: '100',
};

/** A service that detects faults of an agent's health quickly, and agents with the faults. */
export interface HealthSuite {
  readonly service: TestService;
  readonly pulse: HealthPulse;
  readonly makeAgent: (agentId: string, options?: HealthAgentOptions) => Promise<HealthAgent>;
  /** Returns the causes of all failures of the agent so far. */
  readonly causesOf: (agent: HealthAgent) => Promise<unknown[]>;
  /** Waits until the agent was replaced and its recovery is verified. Returns its new view. */
  readonly waitForRecovery: (agent: HealthAgent, before: AgentView) => Promise<AgentView>;
}

/** Starts the service for the tests of a file. */
export function useHealthSuite(): HealthSuite {
  let service: TestService;
  let pulse: HealthPulse;

  beforeAll(async () => {
    service = await makeService({ settings: QUICK_HEALTH });
    pulse = await makeHealthPulse(service);
  });

  afterAll(async () => {
    pulse.close();
    await service.destroy();
  });

  return {
    get service() {
      return service;
    },
    get pulse() {
      return pulse;
    },
    makeAgent: (agentId, options) => makeHealthAgent(service, agentId, options),
    causesOf: async ({ agentId }) =>
      (await service.api.events(agentId))
        .filter(({ type }) => type === 'recovery.diagnosed')
        .map(({ data }) => data.cause),
    waitForRecovery: async (agent, before) => {
      await agent.isReplaced(before.pid);
      agent.says('ok');
      const after = await agent.isUp();
      await until(
        async () => (await service.api.eventTypes(agent.agentId)).includes('recovery.verified'),
        'the recovery is verified',
      );
      return after;
    },
  };
}
