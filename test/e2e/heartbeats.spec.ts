import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { HealthAgent } from '../support/health-agent';
import { useHealthSuite } from '../support/health-suite';
import { until } from '../support/until';

/** What each run of an agent read in its environment (see test/fixtures/agents/reports.py), the latest last. */
interface Run {
  readonly AGENT_RESTART_COUNT: string;
  readonly AGENT_RESTART_REASON: string;
  readonly AGENT_LAST_TASK: string | null;
  readonly OTEL_SERVICE_NAME: string | null;
  readonly OTEL_RESOURCE_ATTRIBUTES: string | null;
}

/** An agent that is watched only by its heartbeats. Its silence is no fault, unless a test says so. */
const POLICIES = {
  silent: { heartbeatTimeoutSeconds: 1.5 },
  stuck: { heartbeatTimeoutSeconds: 60, progressTimeoutSeconds: 1.5 },
  loops: { heartbeatTimeoutSeconds: 60, progressTimeoutSeconds: 1.5 },
  failing: { heartbeatTimeoutSeconds: 60, selfFailingSeconds: 1.5, otel: true },
  spends: { heartbeatTimeoutSeconds: 60, tokenBudget: 1_000, circuitCooldownSeconds: 0.2 },
  crashes: { heartbeatTimeoutSeconds: 60, tokenBudget: 1_000, circuitCooldownSeconds: 0.2, backoffBaseSeconds: 0.1 },
  slow: { heartbeatTimeoutSeconds: 60, progressTimeoutSeconds: 4 },
  waits: { heartbeatTimeoutSeconds: 60, progressTimeoutSeconds: 1.5 },
};
type Mode = keyof typeof POLICIES;
const MODES = Object.keys(POLICIES) as Mode[];

/** Runs the real service with agents whose health shows in their heartbeats. All of them run at once. */
describe('health monitoring', () => {
  const suite = useHealthSuite();
  const agents = {} as Record<Mode, HealthAgent>;
  const file = (name: string) => path.join(suite.service.home.root, name);
  const { makeAgent } = suite;

  beforeAll(async () => {
    const spawn = async (mode: Mode) => {
      const env = { MODE: mode, RUNS: file(`${mode}.runs`) };
      const definition = { entryPoint: 'reports.py', policy: POLICIES[mode] };
      agents[mode] = await makeAgent(mode, { isChecked: false, env, definition });
    };
    await Promise.all(MODES.map(spawn));
  });

  const runsOf = (mode: Mode): Run[] =>
    readFileSync(file(`${mode}.runs`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Run);
  /** Waits until the history of the agent contains an event, and returns all of this type. Saves may be late. */
  const eventsOf = (mode: Mode, type: string) =>
    until(
      async () => {
        const found = (await suite.service.api.events(mode)).filter((event) => event.type === type);
        return found.length === 0 ? null : found.map(({ data }) => data);
      },
      `${mode} has an event ${type}`,
      60_000,
    );

  /** Waits for the second run, and expects the same failure in its environment, in the view and in the history. */
  async function expectRestart(mode: Mode, cause: string, line: RegExp): Promise<Run> {
    const run = await until(() => runsOf(mode)[1], `${mode} was restarted`, 60_000);
    expect(run).toMatchObject({ AGENT_RESTART_COUNT: '1', AGENT_LAST_TASK: 'crawl shop' });
    expect(runsOf(mode)[0]).toMatchObject({
      AGENT_RESTART_COUNT: '0',
      AGENT_RESTART_REASON: '',
      AGENT_LAST_TASK: null,
    });
    const { lastFailure } = await agents[mode].view();
    expect(lastFailure).toMatchObject({ cause, line: expect.stringMatching(line) as string, action: 'restart' });
    expect(run.AGENT_RESTART_REASON).toBe(`${cause}: ${lastFailure?.line ?? ''}`);
    expect(await eventsOf(mode, 'recovery.diagnosed')).toMatchObject([{ cause, line: lastFailure?.line }]);
    return run;
  }

  const expectUntouched = async (mode: Mode) => {
    expect(await agents[mode].view()).toMatchObject({ restarts: 0, status: 'running', lastFailure: null });
    expect(runsOf(mode)).toHaveLength(1);
  };

  it('restarts an agent whose heartbeats stop, and only that agent', async () => {
    await expectRestart('silent', 'stale-heartbeat', /^no heartbeat for [\d.]+ s$/);
    await expectUntouched('slow');
  });

  it('restarts an agent that is busy without progress', async () => {
    const line = /^no progress for [\d.]+ s while busy with "crawl shop"$/;
    await expectRestart('stuck', 'stuck', line);
    expect(await eventsOf('stuck', 'recovery.verified')).toMatchObject([{ resumedTask: 'crawl shop' }]);
  });

  it('restarts an agent that loops: its tokens and steps move, but it does nothing new', async () => {
    await expectRestart('loops', 'stuck', /^no progress for [\d.]+ s while busy with "crawl shop"$/);
  });

  it('restarts an agent that reports failing in all heartbeats, and quotes its message', async () => {
    const run = await expectRestart('failing', 'unhealthy-response', /^polling stopped after 8 conflicts$/);
    expect(run.OTEL_SERVICE_NAME).toBe('failing');
    expect(run.OTEL_RESOURCE_ATTRIBUTES).toMatch(/^service\.instance\.id=[\w-]+$/);
    expect(run.OTEL_RESOURCE_ATTRIBUTES).not.toBe(runsOf('failing')[0]?.OTEL_RESOURCE_ATTRIBUTES);
    await suite.service.api.expect(200, 'PATCH', '/api/agents/failing', { policy: { otel: false } });
    expect(await agents.failing.view()).toMatchObject({ restartPending: true });
  });

  it('halts a crash loop whose every run reports its tokens from 0, once they exceed the budget', async () => {
    const halted = await until(
      async () => {
        const view = await agents.crashes.view();
        return view.status === 'halted' && view.lastFailure?.cause === 'over-budget' ? view : null;
      },
      'the crash loop is halted',
      60_000,
    );
    const line = 'used 1200 tokens; its budget is 1000';
    expect(halted).toMatchObject({ pid: null, nextAttemptAt: null, lastFailure: { line, action: 'halt' } });
    expect(runsOf('crashes')).toHaveLength(3);
    expect(runsOf('crashes')[2]).toMatchObject({
      ...{ AGENT_RESTART_COUNT: '2', AGENT_LAST_TASK: 'crawl shop' },
      AGENT_RESTART_REASON: expect.stringContaining('the shop is closed') as string,
    });
    expect(await eventsOf('crashes', 'recovery.escalated')).toMatchObject([{ cause: 'over-budget', line }]);
  });

  it('halts an agent over its token budget until the operator resets the circuit', async () => {
    const halted = await until(async () => {
      const view = await agents.spends.view();
      return view.status === 'halted' && view.pid === null ? view : null;
    }, 'the agent is halted');
    expect(halted).toMatchObject({ desiredState: 'running', nextAttemptAt: null });
    const line = 'used 1200 tokens; its budget is 1000';
    expect(halted.lastFailure).toMatchObject({ cause: 'over-budget', line, action: 'halt' });
    await suite.pulse.checks(4); // several cool-downs without a trial
    expect(await agents.spends.view()).toMatchObject({ status: 'halted', pid: null });
    expect(await eventsOf('spends', 'recovery.escalated')).toMatchObject([{ cause: 'over-budget', line }]);
    await suite.service.api.expect(200, 'POST', '/api/agents/spends/circuit-reset');
    await agents.spends.isUp();
    expect(await until(() => runsOf('spends')[1], 'the next run has begun')).toMatchObject({
      ...{ AGENT_RESTART_COUNT: '1', AGENT_LAST_TASK: 'crawl shop' },
      AGENT_RESTART_REASON: `over-budget: ${line}`,
    });
  });

  it('lets a busy agent that answers no checks finish its work', async () => {
    const done = file('works.done');
    const agent = await makeAgent('works', {
      env: { WORK_SECONDS: '6', DONE: done },
      definition: { entryPoint: 'works_in_one_thread.py' },
    });
    const before = await agent.isUp();
    await until(() => existsSync(done), 'the agent has finished its work');
    expect(readFileSync(done, 'utf8')).toBe(String(before.pid));
    expect(await agent.view()).toMatchObject({ pid: before.pid, restarts: 0, status: 'running' });
    expect(await suite.causesOf(agent)).toEqual([]);
  });

  // The last test: these agents have lived for several times their limits by now.
  it('leaves alone an agent that is slow but moves, and one that waits for long', async () => {
    await until(async () => ((await agents.slow.view()).uptimeSeconds ?? 0) > 9, 'the slow agent is old', 60_000);
    await expectUntouched('slow');
    await expectUntouched('waits');
  });
});
