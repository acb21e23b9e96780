import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { useHealthSuite } from '../support/health-suite';
import { until } from '../support/until';

/** Runs the real service with agents whose health shows in their heartbeats. */
describe('health monitoring', () => {
  const suite = useHealthSuite();
  const { causesOf, makeAgent, waitForRecovery } = suite;

  it('restarts an agent whose heartbeats stop, and only that agent', async () => {
    const options = { isChecked: false, env: { BEAT: '{"status":"ok"}', BEAT_EVERY_MS: '200' } };
    const quiet = await makeAgent('goes-quiet', options);
    const steady = await makeAgent('goes-on', options);
    const [before, other] = [await quiet.isUp(), await steady.isUp()];
    quiet.says('quiet');
    await waitForRecovery(quiet, before);
    expect(await causesOf(quiet)).toEqual(['stale-heartbeat']);
    expect(await steady.view()).toMatchObject({ pid: other.pid, restarts: 0 });
  });

  it('restarts an agent that is busy without progress', async () => {
    const agent = await makeAgent('is-stuck', {
      isChecked: false,
      env: { BEAT: '{"status":"ok","busy":true,"task":"the same for ever"}', BEAT_EVERY_MS: '200' },
      definition: { policy: { progressTimeoutSeconds: 1.5 } },
    });
    const { pid } = await agent.view();
    await agent.isReplaced(pid);
    expect((await causesOf(agent))[0]).toBe('stuck');
    await suite.service.api.terminate(agent.agentId);
  });

  it('restarts an agent that reports failing in all heartbeats, and quotes its message', async () => {
    const agent = await makeAgent('says-failing', {
      env: { BEAT: '{"status":"failing","message":"polling stopped after 8 conflicts"}', BEAT_EVERY_MS: '200' },
      definition: { policy: { selfFailingSeconds: 2 } },
    });
    const { pid } = await agent.isUp();
    const replaced = await agent.isReplaced(pid);
    expect((await causesOf(agent))[0]).toBe('unhealthy-response');
    expect(replaced.lastFailure?.line).toBe('polling stopped after 8 conflicts');
    await suite.service.api.terminate(agent.agentId);
  });

  it('lets a busy agent that answers no checks finish its work', async () => {
    const done = path.join(suite.service.home.root, 'works.done');
    const agent = await makeAgent('works', {
      env: { WORK_SECONDS: '6', DONE: done },
      definition: { entryPoint: 'works_in_one_thread.py' },
    });
    const before = await agent.isUp();
    await until(() => existsSync(done), 'the agent has finished its work');
    expect(readFileSync(done, 'utf8')).toBe(String(before.pid));
    expect(await agent.view()).toMatchObject({ pid: before.pid, restarts: 0, status: 'running' });
    expect(await causesOf(agent)).toEqual([]);
  });

  it('halts an agent over its token budget until the operator resets the circuit', async () => {
    const agent = await makeAgent('spends', {
      isChecked: false,
      env: { BEAT: '{"tokensUsed":1200}', BEAT_EVERY_MS: '200' },
      definition: { policy: { tokenBudget: 1_000, circuitCooldownSeconds: 0.2 } },
    });
    const halted = await until(async () => {
      const view = await agent.view();
      return view.status === 'halted' && view.pid === null ? view : null;
    }, 'the agent is halted');
    expect(halted).toMatchObject({ desiredState: 'running', nextAttemptAt: null });
    expect(halted.lastFailure).toMatchObject({ cause: 'over-budget', action: 'halt' });
    await suite.pulse.checks(4); // several cool-downs without a trial
    expect(await agent.view()).toMatchObject({ status: 'halted', pid: null });
    await suite.service.api.expect(200, 'PATCH', '/api/agents/spends', { policy: { tokenBudget: 1_000_000 } });
    await suite.service.api.expect(200, 'POST', '/api/agents/spends/circuit-reset');
    await agent.isUp();
  });
});
