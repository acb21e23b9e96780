import { rmSync, writeFileSync } from 'node:fs';
import type { AgentView } from '../../src/kernel';
import { isAlive, useTestAgents } from '../support/test-agents';

/** Tests back-off and the circuit of an agent that crashes in a loop, on the built service and the real PM2. */
describe('an agent', () => {
  const agents = useTestAgents();
  const { file, register, startsIn, waitUntil } = agents;

  it('is started at once by a restart during back-off, which counts neither as failure nor as attempt', async () => {
    writeFileSync(file('fails-1'), '');
    const policy = { backoffBaseSeconds: 600, backoffMaxSeconds: 600 };
    const agentId = await register('loop.sh', { args: [file('fails-1'), file('starts-1')], policy });
    await agents.service.api.spawn(agentId);
    const waiting = await waitUntil(agentId, 'backing off', (view) => view.status === 'backing-off');
    expect(waiting).toMatchObject({ pid: null, restarts: 1, circuit: { state: 'CLOSED', failureCount: 2 } });
    expect(Date.parse(waiting.nextAttemptAt ?? '') - Date.now()).toBeGreaterThan(300_000);
    rmSync(file('fails-1'));
    const restarted = await agents.service.api.restart(agentId);
    expect(isAlive(restarted.pid)).toBe(true);
    expect(restarted.circuit).toMatchObject({ state: 'CLOSED', failureCount: 2 });
    await waitUntil(agentId, 'stable', (view) => view.circuit.failureCount === 0 && view.status === 'running');
  });

  it('opens its circuit after five crashes, gets a trial after each cool-down, and closes the circuit once stable', async () => {
    writeFileSync(file('fails-2'), '');
    const agentId = await register('loop.sh', { args: [file('fails-2'), file('starts-2')] });
    await agents.service.api.spawn(agentId);
    const halted = await waitUntil(agentId, 'halted', (view) => view.status === 'halted');
    expect(startsIn('starts-2')).toHaveLength(5);
    expect(halted).toMatchObject({ pid: null, desiredState: 'running', circuit: { state: 'OPEN', failureCount: 5 } });
    expect(halted.lastFailure?.action).toBe('halt');
    // The first trial fails, and the circuit is OPEN again for twice as long.
    await waitUntil(
      agentId,
      'halted again',
      (view) => view.circuit.state === 'OPEN' && view.circuit.failureCount === 6,
    );
    expect(startsIn('starts-2')).toHaveLength(6);
    rmSync(file('fails-2'));
    const trial = await waitUntil(
      agentId,
      'on trial',
      (view) => view.circuit.state === 'HALF_OPEN' && view.pid !== null,
    );
    expect(trial.status).toBe('recovering');
    const closed = await waitUntil(agentId, 'closed', (view) => view.circuit.state === 'CLOSED');
    expect(closed).toMatchObject({ status: 'running', circuit: { failureCount: 0 }, pid: trial.pid });
    expect(startsIn('starts-2')).toHaveLength(7);
    const types = await agents.service.api.eventTypes(agentId);
    expect(types.filter((type) => type === 'recovery.escalated')).toHaveLength(1);
    expect(types.filter((type) => type.startsWith('circuit.'))).toEqual([
      ...['circuit.opened', 'circuit.half-opened', 'circuit.opened', 'circuit.half-opened', 'circuit.closed'],
    ]);
  });

  it('gets its trial by a spawn while it is halted, and is started by a circuit reset', async () => {
    writeFileSync(file('fails-3'), '');
    const policy = { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 };
    const agentId = await register('loop.sh', { args: [file('fails-3'), file('starts-3')], policy });
    await agents.service.api.spawn(agentId);
    await waitUntil(agentId, 'halted', (view) => view.status === 'halted');
    await agents.service.api.spawn(agentId);
    await waitUntil(agentId, 'halted again', (view) => view.status === 'halted' && view.circuit.failureCount === 2);
    rmSync(file('fails-3'));
    const reset = await agents.service.api.expect<AgentView>(200, 'POST', `/api/agents/${agentId}/circuit-reset`);
    expect(reset.circuit).toMatchObject({ state: 'CLOSED', failureCount: 0 });
    expect(isAlive(reset.pid)).toBe(true);
  });
});
