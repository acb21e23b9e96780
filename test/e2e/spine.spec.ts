import { readFileSync, writeFileSync } from 'node:fs';
import type { AgentView } from '../../src/kernel';
import { LinuxProcessInspector } from '../../src/processes';
import { isAlive, useTestAgents } from '../support/test-agents';
import { until } from '../support/until';

interface BulkAnswer {
  readonly results: readonly {
    readonly agentId: string;
    readonly ok: boolean;
    readonly pid?: number;
    readonly error?: string;
  }[];
}

/** Tests the life of an agent on the built service, the real PM2 and the embedded database, in three languages. */
describe('an agent', () => {
  const agents = useTestAgents();
  const { file, register, startsIn, waitUntil } = agents;

  it.each(['sleeper.py', 'sleeper.js', 'sleeper.sh'])(
    'is started, listed, killed, healed and terminated: %s',
    async (script) => {
      const agentId = await register(script);
      const { pid, status } = await agents.service.api.spawn(agentId);
      expect(isAlive(pid)).toBe(true);
      expect(status).toBe('starting');
      expect(agents.service.home.list().find(({ name }) => name === agentId)).toMatchObject({
        pid,
        pm2_env: { namespace: 'agents' },
      });

      await waitUntil(agentId, 'running', (view) => view.status === 'running');
      process.kill(pid ?? 0, 'SIGKILL');
      const healed = await waitUntil(agentId, 'healthy again', (view) => view.status === 'running' && view.pid !== pid);
      expect(isAlive(healed.pid)).toBe(true);
      expect(healed.restarts).toBe(1);
      expect(healed.lastFailure).toMatchObject({
        cause: 'killed-by-signal',
        line: 'killed by SIGKILL',
        action: 'restart',
      });

      const ended = await agents.service.api.terminate(agentId);
      expect(ended).toMatchObject({ desiredState: 'stopped', status: 'stopped', pid: null });
      expect(isAlive(healed.pid)).toBe(false);
      const types = await agents.service.api.eventTypes(agentId);
      expect(types.filter((type) => type !== 'agent.healthy')).toEqual([
        ...['agent.registered', 'agent.spawned', 'agent.exited', 'recovery.diagnosed', 'recovery.scheduled'],
        ...['recovery.attempted', 'agent.spawned', 'agent.restarted', 'recovery.verified', 'agent.exited'],
        'agent.terminated',
      ]);
      const { restarts } = await agents.service.api.expect<{ restarts: object[] }>(
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
          reason: 'killed by SIGKILL',
        }),
      ]);
    },
  );

  it('starts one process for fifty simultaneous spawns', async () => {
    const agentId = await register('counts-starts.py', { args: [file('fifty')] });
    const views = await Promise.all(Array.from({ length: 50 }, () => agents.service.api.spawn(agentId)));
    const pids = [...new Set(views.map(({ pid }) => pid))];
    expect(pids).toHaveLength(1);
    await until(() => startsIn('fifty').length > 0, 'it has counted its start');
    await agents.service.api.spawn(agentId);
    expect(startsIn('fifty')).toEqual(pids);
  });

  it('has at most one process after many mixed commands, and follows the last one', async () => {
    const agentId = await register('counts-starts.py', { args: [file('storm')] });
    const commands = ['spawn', 'restart', 'terminate', 'spawn', 'restart', 'spawn', 'terminate', 'restart'];
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        agents.service.api.post(`/api/agents/${agentId}/${commands[index % commands.length] ?? 'spawn'}`),
      ),
    );
    await agents.service.api.terminate(agentId);
    expect(startsIn('storm').filter(isAlive)).toEqual([]);
    const { pid } = await agents.service.api.spawn(agentId);
    await until(() => startsIn('storm').includes(pid ?? 0), 'the last process has started');
    expect(startsIn('storm').filter(isAlive)).toEqual([pid]);
  });

  it('is stopped at once by a terminate during a restart', async () => {
    const agentId = await register('sleeper.py');
    const { pid } = await agents.service.api.spawn(agentId);
    const restart = agents.service.api.post(`/api/agents/${agentId}/restart`, { delaySeconds: 30 });
    await waitUntil(agentId, 'down for its restart', (view) => view.pid === null);
    await agents.service.api.terminate(agentId);
    expect(await restart).toMatchObject({ status: 409, body: { code: 'operation-in-progress' } });
    expect(isAlive(pid)).toBe(false);
    expect(await agents.service.api.agent(agentId)).toMatchObject({
      desiredState: 'stopped',
      status: 'stopped',
      pid: null,
    });
  });

  it('is killed with its whole tree, even if it ignores SIGTERM and has grandchildren in other sessions', async () => {
    const agentId = await register('stubborn.py', { args: [file('stubborn')] });
    await agents.service.api.spawn(agentId);
    const pids = await until(() => JSON.parse(readFileSync(file('stubborn'), 'utf8')) as number[], 'it has children');
    expect(pids).toHaveLength(3);
    expect(pids.every(isAlive)).toBe(true);
    const began = performance.now();
    await agents.service.api.terminate(agentId);
    expect(pids.filter(isAlive)).toEqual([]);
    // SIGKILL follows SIGTERM only after KILL_TIMEOUT_SECONDS, which is 1 here.
    expect(performance.now() - began).toBeGreaterThan(900);
  });

  it('has no grandchildren left after its leader crashed', async () => {
    const agentId = await register('stubborn.py', { args: [file('crashed')] });
    const { pid } = await agents.service.api.spawn(agentId);
    const pids = await until(() => JSON.parse(readFileSync(file('crashed'), 'utf8')) as number[], 'it has children');
    process.kill(pid ?? 0, 'SIGKILL');
    await waitUntil(agentId, 'up again', (view) => view.pid !== null && view.pid !== pid);
    await until(() => !pids.some(isAlive), 'no process of the first run is left');
    await agents.service.api.terminate(agentId);
  });

  it('is started with others by tag unless it is halted, and terminated with them', async () => {
    writeFileSync(file('fails-4'), '');
    const tags = ['together'];
    const one = await register('sleeper.py', { tags });
    const two = await register('sleeper.sh', { tags });
    const policy = { circuitFailureThreshold: 1, circuitCooldownSeconds: 600 };
    const three = await register('loop.sh', { tags, args: [file('fails-4'), file('starts-4')], policy });
    await agents.service.api.spawn(three);
    await waitUntil(three, 'halted', (view) => view.status === 'halted');
    const { results } = await agents.service.api.expect<BulkAnswer>(200, 'POST', '/api/agents/spawn', { tags });
    expect(results.map(({ agentId, ok, error }) => [agentId, ok, error])).toEqual([
      [one, true, undefined],
      [two, true, undefined],
      [three, false, 'halted'],
    ]);
    const ended = await agents.service.api.expect<BulkAnswer>(200, 'POST', '/api/agents/terminate', { tags });
    expect(ended.results.map(({ ok }) => ok)).toEqual([true, true, true]);
    expect(results.flatMap(({ pid }) => pid ?? []).filter(isAlive)).toEqual([]);
    const untagged = await agents.service.api.expect<BulkAnswer>(200, 'POST', '/api/agents/spawn', {
      tags: ['unknown'],
    });
    expect(untagged.results).toEqual([]);
  });

  it('is refused a spawn that cannot succeed, and does not change', async () => {
    const missing = await register('nowhere.py');
    const uninterpretable = await register('sleeper.py', { interpreter: 'deno' });
    for (const [agentId, code] of [
      [missing, 'entry-point-not-found'] as const,
      [uninterpretable, 'interpreter-not-found'] as const,
    ]) {
      expect(await agents.service.api.post(`/api/agents/${agentId}/spawn`)).toMatchObject({
        status: 422,
        body: { code },
      });
      expect(await agents.service.api.agent(agentId)).toMatchObject({ desiredState: 'stopped', status: 'stopped' });
      expect(await agents.service.api.eventTypes(agentId)).toEqual(['agent.registered']);
    }
  });

  it('applies a change of its launch parameters at the next launch', async () => {
    const agentId = await register('sleeper.py', { env: { SECRET: 'never-shown' } });
    expect((await agents.service.api.spawn(agentId)).restartPending).toBe(false);
    const changed = await agents.service.api.expect<AgentView>(200, 'PATCH', `/api/agents/${agentId}`, {
      env: { MORE: 'x' },
    });
    expect(changed).toMatchObject({ restartPending: true, env: { SECRET: '***', MORE: '***' } });
    const restarted = await agents.service.api.restart(agentId);
    expect(restarted.restartPending).toBe(false);
    expect(new LinuxProcessInspector().environment(restarted.pid ?? 0)?.get('MORE')).toBe('x');
    const tagged = await agents.service.api.expect<AgentView>(200, 'PATCH', `/api/agents/${agentId}`, {
      tags: ['new'],
    });
    expect(tagged).toMatchObject({ restartPending: false, tags: ['new'], pid: restarted.pid });
  });

  it("is terminated and removed from PM2's list when it is unregistered", async () => {
    const agentId = await register('sleeper.py');
    const { pid } = await agents.service.api.spawn(agentId);
    expect((await agents.service.api.request('DELETE', `/api/agents/${agentId}`)).status).toBe(204);
    expect(isAlive(pid)).toBe(false);
    expect(agents.service.home.list().map(({ name }) => name)).not.toContain(agentId);
    expect((await agents.service.api.get(`/api/agents/${agentId}`)).status).toBe(404);
  });

  it('has events that are numbered without a gap', async () => {
    const seqs = (await agents.service.api.events()).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
  });
});
