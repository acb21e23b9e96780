import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AgentView } from '../../src/kernel';
import { LinuxProcessInspector } from '../../src/runtime';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

interface BulkAnswer {
  readonly results: readonly {
    readonly agentId: string;
    readonly ok: boolean;
    readonly pid?: number;
    readonly error?: string;
  }[];
}

/** The spine on the real parts: the built service, PM2's daemon, the embedded database, agents in three languages. */
describe('an agent from its registration to its end', () => {
  const inspector = new LinuxProcessInspector();
  let service: TestService;
  let number = 0;

  beforeAll(async () => {
    service = await makeService();
  });

  afterAll(async () => {
    await service.destroy();
  });

  const file = (name: string) => path.join(service.home.root, name);
  const isAlive = (pid: number | null) => pid !== null && inspector.facts(pid) !== null;
  const startsIn = (name: string) =>
    existsSync(file(name)) ? readFileSync(file(name), 'utf8').trim().split('\n').map(Number) : [];

  /** Registers an agent of its own for one test. */
  async function registered(entryPoint: string, more: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const agentId = `agent-${++number}`;
    await service.api.register({ agentId, name: agentId, entryPoint, ...more });
    return agentId;
  }

  function became(agentId: string, what: string, holds: (view: AgentView) => boolean): Promise<AgentView> {
    let last: AgentView | undefined;
    return until(
      async () => {
        last = await service.api.agent(agentId);
        return holds(last) ? last : null;
      },
      () => `${agentId} is ${what}; last: ${JSON.stringify(last)}`,
    );
  }

  it.each(['sleeper.py', 'sleeper.js', 'sleeper.sh'])(
    '%s is started, listed, killed, healed and ended',
    async (script) => {
      const agentId = await registered(script);
      const { pid, status } = await service.api.spawn(agentId);
      expect(isAlive(pid)).toBe(true);
      expect(status).toBe('starting');
      expect(service.home.list().find(({ name }) => name === agentId)).toMatchObject({
        pid,
        pm2_env: { namespace: 'agents' },
      });

      await became(agentId, 'running', (view) => view.status === 'running');
      process.kill(pid ?? 0, 'SIGKILL');
      const healed = await became(agentId, 'well again', (view) => view.status === 'running' && view.pid !== pid);
      expect(isAlive(healed.pid)).toBe(true);
      expect(healed.restarts).toBe(1);
      expect(healed.lastFailure).toMatchObject({
        cause: 'killed-by-signal',
        line: 'ended by SIGKILL',
        action: 'restart',
      });

      const ended = await service.api.terminate(agentId);
      expect(ended).toMatchObject({ desiredState: 'stopped', status: 'stopped', pid: null });
      expect(isAlive(healed.pid)).toBe(false);
      const types = await service.api.eventTypes(agentId);
      expect(types.filter((type) => type !== 'agent.healthy')).toEqual([
        ...['agent.registered', 'agent.spawned', 'agent.exited', 'recovery.diagnosed', 'recovery.scheduled'],
        ...['recovery.attempted', 'agent.spawned', 'agent.restarted', 'recovery.verified', 'agent.exited'],
        'agent.terminated',
      ]);
      const { restarts } = await service.api.expect<{ restarts: object[] }>(
        200,
        'GET',
        `/api/agents/${agentId}/restarts`,
      );
      expect(restarts).toEqual([
        expect.objectContaining({
          agentId,
          pidBefore: pid,
          pidAfter: healed.pid,
          success: true,
          reason: 'ended by SIGKILL',
        }),
      ]);
    },
  );

  it('fifty spawns at once start one process', async () => {
    const agentId = await registered('counts-starts.py', { args: [file('fifty')] });
    const views = await Promise.all(Array.from({ length: 50 }, () => service.api.spawn(agentId)));
    const pids = [...new Set(views.map(({ pid }) => pid))];
    expect(pids).toHaveLength(1);
    await until(() => startsIn('fifty').length > 0, 'it has counted its start');
    await service.api.spawn(agentId);
    expect(startsIn('fifty')).toEqual(pids);
  });

  it('spawns, restarts and stops at random leave at most one process, and what was asked for last', async () => {
    const agentId = await registered('counts-starts.py', { args: [file('storm')] });
    const deeds = ['spawn', 'restart', 'terminate', 'spawn', 'restart', 'spawn', 'terminate', 'restart'];
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        service.api.post(`/api/agents/${agentId}/${deeds[index % deeds.length] ?? 'spawn'}`),
      ),
    );
    await service.api.terminate(agentId);
    expect(startsIn('storm').filter(isAlive)).toEqual([]);
    const { pid } = await service.api.spawn(agentId);
    await until(() => startsIn('storm').includes(pid ?? 0), 'the last one has started');
    expect(startsIn('storm').filter(isAlive)).toEqual([pid]);
  });

  it('a stop overtakes a restart under way', async () => {
    const agentId = await registered('sleeper.py');
    const { pid } = await service.api.spawn(agentId);
    const restart = service.api.post(`/api/agents/${agentId}/restart`, { delaySeconds: 30 });
    await became(agentId, 'down for its restart', (view) => view.pid === null);
    await service.api.terminate(agentId);
    expect(await restart).toMatchObject({ status: 409, body: { code: 'operation-in-progress' } });
    expect(isAlive(pid)).toBe(false);
    expect(await service.api.agent(agentId)).toMatchObject({ desiredState: 'stopped', status: 'stopped', pid: null });
  });

  it('a restart during the back-off starts at once, and counts neither as failure nor as attempt', async () => {
    writeFileSync(file('fails-1'), '');
    const policy = { backoffBaseSeconds: 600, backoffMaxSeconds: 600 };
    const agentId = await registered('loop.sh', { args: [file('fails-1'), file('starts-1')], policy });
    await service.api.spawn(agentId);
    const waiting = await became(agentId, 'backing off', (view) => view.status === 'backing-off');
    expect(waiting).toMatchObject({ pid: null, restarts: 1, circuit: { state: 'CLOSED', failureCount: 2 } });
    expect(Date.parse(waiting.nextAttemptAt ?? '') - Date.now()).toBeGreaterThan(300_000);
    rmSync(file('fails-1'));
    const restarted = await service.api.restart(agentId);
    expect(isAlive(restarted.pid)).toBe(true);
    expect(restarted.circuit).toMatchObject({ state: 'CLOSED', failureCount: 2 });
    await became(agentId, 'stable', (view) => view.circuit.failureCount === 0 && view.status === 'running');
  });

  it('what ignores SIGTERM and has grandchildren in sessions of their own is ended whole', async () => {
    const agentId = await registered('stubborn.py', { args: [file('stubborn')] });
    await service.api.spawn(agentId);
    const pids = await until(() => JSON.parse(readFileSync(file('stubborn'), 'utf8')) as number[], 'it has children');
    expect(pids).toHaveLength(3);
    expect(pids.every(isAlive)).toBe(true);
    const began = performance.now();
    await service.api.terminate(agentId);
    expect(pids.filter(isAlive)).toEqual([]);
    // SIGTERM was given its time first: KILL_TIMEOUT_SECONDS is 1 here.
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  it('grandchildren of a leader that crashed are ended after it', async () => {
    const agentId = await registered('stubborn.py', { args: [file('crashed')] });
    const { pid } = await service.api.spawn(agentId);
    const pids = await until(() => JSON.parse(readFileSync(file('crashed'), 'utf8')) as number[], 'it has children');
    process.kill(pid ?? 0, 'SIGKILL');
    await became(agentId, 'up again', (view) => view.pid !== null && view.pid !== pid);
    await until(() => !pids.some(isAlive), 'nothing of the first run is left');
    await service.api.terminate(agentId);
  });

  it('a crash loop opens the circuit after five runs; a trial follows the cool-down, and stability closes it', async () => {
    writeFileSync(file('fails-2'), '');
    const agentId = await registered('loop.sh', { args: [file('fails-2'), file('starts-2')] });
    await service.api.spawn(agentId);
    const halted = await became(agentId, 'halted', (view) => view.status === 'halted');
    expect(startsIn('starts-2')).toHaveLength(5);
    expect(halted).toMatchObject({ pid: null, desiredState: 'running', circuit: { state: 'OPEN', failureCount: 5 } });
    expect(halted.lastFailure?.action).toBe('halt');
    // The first trial fails: OPEN again, for twice as long.
    await became(agentId, 'halted again', (view) => view.circuit.state === 'OPEN' && view.circuit.failureCount === 6);
    expect(startsIn('starts-2')).toHaveLength(6);
    rmSync(file('fails-2'));
    const trial = await became(agentId, 'on trial', (view) => view.circuit.state === 'HALF_OPEN' && view.pid !== null);
    expect(trial.status).toBe('recovering');
    const closed = await became(agentId, 'closed', (view) => view.circuit.state === 'CLOSED');
    expect(closed).toMatchObject({ status: 'running', circuit: { failureCount: 0 }, pid: trial.pid });
    expect(startsIn('starts-2')).toHaveLength(7);
    const types = await service.api.eventTypes(agentId);
    expect(types.filter((type) => type === 'recovery.escalated')).toHaveLength(1);
    expect(types.filter((type) => type.startsWith('circuit.'))).toEqual([
      ...['circuit.opened', 'circuit.half-opened', 'circuit.opened', 'circuit.half-opened', 'circuit.closed'],
    ]);
  });

  it('a spawn of what is halted is its trial; a reset closes the circuit and starts it', async () => {
    writeFileSync(file('fails-3'), '');
    const policy = { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 };
    const agentId = await registered('loop.sh', { args: [file('fails-3'), file('starts-3')], policy });
    await service.api.spawn(agentId);
    await became(agentId, 'halted', (view) => view.status === 'halted');
    await service.api.spawn(agentId);
    await became(agentId, 'halted again', (view) => view.status === 'halted' && view.circuit.failureCount === 2);
    rmSync(file('fails-3'));
    const reset = await service.api.expect<AgentView>(200, 'POST', `/api/agents/${agentId}/circuit-reset`);
    expect(reset.circuit).toMatchObject({ state: 'CLOSED', failureCount: 0 });
    expect(isAlive(reset.pid)).toBe(true);
  });

  it('agents are started and ended together by tag; halted ones are left alone', async () => {
    writeFileSync(file('fails-4'), '');
    const tags = ['together'];
    const one = await registered('sleeper.py', { tags });
    const two = await registered('sleeper.sh', { tags });
    const policy = { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 };
    const three = await registered('loop.sh', { tags, args: [file('fails-4'), file('starts-4')], policy });
    await service.api.spawn(three);
    await became(three, 'halted', (view) => view.status === 'halted');
    const { results } = await service.api.expect<BulkAnswer>(200, 'POST', '/api/agents/spawn', { tags });
    expect(results.map(({ agentId, ok, error }) => [agentId, ok, error])).toEqual([
      [one, true, undefined],
      [two, true, undefined],
      [three, false, 'halted'],
    ]);
    const ended = await service.api.expect<BulkAnswer>(200, 'POST', '/api/agents/terminate', { tags });
    expect(ended.results.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(results.flatMap(({ pid }) => pid ?? []).filter(isAlive)).toEqual([]);
    const nobody = await service.api.expect<BulkAnswer>(200, 'POST', '/api/agents/spawn', { tags: ['unknown'] });
    expect(nobody.results).toEqual([]);
  });

  it('what cannot be launched is refused, and nothing changes', async () => {
    const missing = await registered('nowhere.py');
    const strange = await registered('sleeper.py', { interpreter: 'deno' });
    for (const [agentId, code] of [
      [missing, 'entry-point-not-found'] as const,
      [strange, 'interpreter-not-found'] as const,
    ]) {
      expect(await service.api.post(`/api/agents/${agentId}/spawn`)).toMatchObject({ status: 422, body: { code } });
      expect(await service.api.agent(agentId)).toMatchObject({ desiredState: 'stopped', status: 'stopped' });
      expect(await service.api.eventTypes(agentId)).toEqual(['agent.registered']);
    }
  });

  it('a change of what it is launched with waits for the next launch', async () => {
    const agentId = await registered('sleeper.py', { env: { SECRET: 'never-shown' } });
    expect((await service.api.spawn(agentId)).restartPending).toBe(false);
    const changed = await service.api.expect<AgentView>(200, 'PATCH', `/api/agents/${agentId}`, { env: { MORE: 'x' } });
    expect(changed).toMatchObject({ restartPending: true, env: { SECRET: '***', MORE: '***' } });
    const restarted = await service.api.restart(agentId);
    expect(restarted.restartPending).toBe(false);
    expect(inspector.environment(restarted.pid ?? 0)?.get('MORE')).toBe('x');
    const tagged = await service.api.expect<AgentView>(200, 'PATCH', `/api/agents/${agentId}`, { tags: ['new'] });
    expect(tagged).toMatchObject({ restartPending: false, tags: ['new'], pid: restarted.pid });
  });

  it("an unregistered agent is terminated first, and leaves PM2's list", async () => {
    const agentId = await registered('sleeper.py');
    const { pid } = await service.api.spawn(agentId);
    expect((await service.api.request('DELETE', `/api/agents/${agentId}`)).status).toBe(204);
    expect(isAlive(pid)).toBe(false);
    expect(service.home.list().map(({ name }) => name)).not.toContain(agentId);
    expect((await service.api.get(`/api/agents/${agentId}`)).status).toBe(404);
  });

  it('numbers its events without a gap', async () => {
    const seqs = (await service.api.events()).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });
});
