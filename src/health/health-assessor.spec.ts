import { FakeClock } from '../../test/support/fake-clock';
import type { AgentDefinitions } from '../registry';
import { AgentHealth } from './agent-health';
import { HealthAssessor } from './health-assessor';
import type { HealthPolicy } from './health-policy';
import type { Heartbeats } from './heartbeat/heartbeats';
import type { Vitals } from './heartbeat/liveness';
import { RunSecrets } from './run-secrets';
import type { TreeMemory } from './tree-memory';
import type { TokenBudgets } from './tokens/token-budgets';

const POLICY: HealthPolicy = {
  ...{ intervalMs: 5_000, timeoutMs: 5_000, graceMs: 0, heartbeatTimeoutMs: 60_000, progressTimeoutMs: null },
  ...{ selfFailingMs: 120_000, tokenBudget: null, tokenWindowMs: 1 },
};

/** Returns the line of the verdict on an agent that reports failing with this message. */
function lineOf(message: string): string | undefined {
  const agent = {
    ...{ env: { KEY: 'the-key' }, envFrom: [], healthHeaders: { Authorization: 'Bearer the-token' } },
    maxMemoryMb: null,
  };
  const registry = { findAgent: () => agent };
  const vitals: Vitals = {
    ...{ ageMs: 0, status: 'failing', withoutProgressMs: null, task: null },
    selfFailing: { forMs: 200_000, message },
  };
  // Only these methods are used.
  const assessor = new HealthAssessor(
    registry as unknown as AgentDefinitions,
    { vitalsOf: () => vitals } as unknown as Heartbeats,
    { of: () => null } as unknown as TokenBudgets,
    {} as TreeMemory,
    new FakeClock(),
    new RunSecrets(registry, Buffer.alloc(32)),
  );
  return assessor.verdictWithoutChecks('a', new AgentHealth(), POLICY)?.line;
}

describe('the message of an agent that reports failing', () => {
  it('is masked by the values of its env and its healthHeaders', () => {
    expect(lineOf('refused the-key and the-token')).toContain('refused *** and ***');
    expect(lineOf('sent Bearer the-token')).toContain('sent ***');
  });
});
