import { countTokens } from 'gpt-tokenizer';
import { tokenOf } from '../support/agent-token';
import { errorOf } from '../support/mcp-clients';
import { callTool, MOST_BYTES, SECRET, TOOLS, useMcpWorld, VIEWING } from '../support/mcp-world';
import { ADMIN_TOKEN } from '../support/service';
import { until } from '../support/until';

const world = useMcpWorld();

describe('the list of tools', () => {
  it('costs at most 3,500 tokens, has all hints, and depends on the role alone', async () => {
    const [first, second] = await Promise.all([
      world.admin.tools(),
      world.connect(ADMIN_TOKEN).then((other) => other.tools()),
    ]);
    expect(second).toEqual(first);
    expect(first.map(({ name }) => name)).toEqual(TOOLS);
    // Tokens of o200k_base; a tokenizer of another vendor differs by some percent.
    expect(countTokens(JSON.stringify({ tools: first }))).toBeLessThanOrEqual(3_500);
    for (const tool of first) {
      expect(tool).toMatchObject({
        title: expect.stringMatching(/^[A-Z]/) as string,
        annotations: {
          ...{ readOnlyHint: VIEWING.includes(tool.name) || tool.name === 'agent_logs', openWorldHint: false },
          destructiveHint: ['restart_agent', 'stop_agent'].includes(tool.name),
          idempotentHint: expect.any(Boolean) as boolean,
        },
        ...{ inputSchema: { type: 'object' }, outputSchema: { type: 'object' } },
      });
    }
  });
});

describe('every tool', () => {
  it('that reads returns a small result in the form that it promises', async () => {
    expect(await callTool(world.viewer, 'list_agents')).toMatchObject({ total: 4, truncated: false });
    expect(await callTool(world.viewer, 'list_agents', { status: 'halted' })).toMatchObject({
      agents: [{ id: 'failing', status: 'halted', why: expect.stringContaining('circuit OPEN') as string }],
    });
    expect(await callTool(world.viewer, 'list_agents', { capability: 'content.generate' })).toMatchObject({ total: 1 });
    expect(await callTool(world.viewer, 'explain_agent', { id: 'failing' })).toMatchObject({
      diagnosis: { cause: 'unhandled-exception', open: true, exitCode: 1 },
      ...{ next: 'No restart follows until its circuit is reset.', youMay: ['wait_for'] },
    });
    expect(await callTool(world.operator, 'explain_agent', { id: 'failing' })).toMatchObject({
      youMay: expect.arrayContaining(['start_agent', 'reset_circuit', 'agent_logs']) as string[],
    });
    expect(await callTool(world.viewer, 'explain_agent', { id: 'outside' })).toMatchObject({
      diagnosis: { cause: 'none' },
    });
    expect(await callTool(world.viewer, 'list_capabilities')).toMatchObject({
      capabilities: [{ name: 'content.generate', count: 1, agents: ['steady'] }],
    });
    expect(errorOf(await world.operator.call('agent_logs', { id: 'outside' })).code).toBe('external-agent');
  });

  it('that lists leads on with its cursor, and misses nothing', async () => {
    const seen: number[] = [];
    for (let cursor: unknown = 0; ;) {
      const page = await callTool(world.viewer, 'recent_events', { cursor, limit: 7 });
      seen.push(...(page.events as { seq: number }[]).map(({ seq }) => seq));
      cursor = page.cursor;
      if (page.truncated !== true) break;
    }
    expect(seen).toEqual(seen.map((_, index) => index + 1));
    const latest = await callTool(world.viewer, 'recent_events', { limit: 3 });
    expect((latest.events as unknown[]).length).toBe(3);
    const lines: string[] = [];
    for (let cursor: unknown; lines.length < 400;) {
      const page = await callTool(world.operator, 'agent_logs', {
        id: 'hostile',
        stream: 'stdout',
        lines: 200,
        cursor,
      });
      lines.unshift(...(page.untrustedStdout as string[]));
      cursor = page.cursor;
    }
    expect(lines.map((line) => Number(line.split(' ')[1]))).toEqual(
      lines.map((_, index) => 3_000 - lines.length + index),
    );
  });

  it('that acts does what its route does', async () => {
    await callTool(world.admin, 'register_agent', {
      agentId: 'made',
      name: 'Made',
      entryPoint: 'sleeper.sh',
      capabilities: ['a.b'],
    });
    expect(
      errorOf(await world.admin.call('register_agent', { agentId: 'made', name: 'x', entryPoint: null })).code,
    ).toBe('agent-exists');
    const refused = errorOf(
      await world.admin.call('register_agent', { agentId: 'bad', name: 'x', entryPoint: '../../x.sh' }),
    );
    expect(refused).toMatchObject({ code: 'invalid-request', errors: [{ pointer: '/entryPoint' }] });
    expect(await callTool(world.operator, 'start_agent', { id: 'made' })).toMatchObject({ id: 'made' });
    expect(await callTool(world.operator, 'wait_for', { id: 'made', for: 'verified' })).toMatchObject({
      reached: true,
    });
    expect(await callTool(world.operator, 'route_task', { taskType: 'a.b' })).toMatchObject({
      agent: 'made',
      untrustedEndpoint: null,
    });
    expect(await callTool(world.operator, 'pause_agent', { id: 'made', minutes: 5 })).toMatchObject({
      why: expect.stringContaining('paused until') as string,
    });
    expect(await callTool(world.operator, 'pause_agent', { id: 'made', minutes: 0 })).toMatchObject({ why: '' });
    expect(await callTool(world.operator, 'stop_agent', { id: 'made' })).toMatchObject({
      status: 'stopped',
      recorded: true,
    });
    expect(await callTool(world.viewer, 'wait_for', { id: 'made', for: 'running', timeoutSeconds: 0.1 })).toMatchObject(
      {
        reached: false,
      },
    );
    expect((await world.service.api.agent('made')).pid).toBeNull();
    expect(errorOf(await world.operator.call('route_task', { taskType: 'no.such' })).code).toBe('no-capable-agent');
    expect(errorOf(await world.operator.call('start_agent', { id: 'outside' })).code).toBe('external-agent');
    expect(await callTool(world.operator, 'reset_circuit', { id: 'failing' })).toMatchObject({ id: 'failing' });
    await until(async () => (await world.service.api.agent('failing')).status === 'halted', 'it has failed again');
  });

  it('is refused to a role that is too low, and then changes nothing', async () => {
    await world.service.api.register({ agentId: 'views', name: 'v', entryPoint: 'sleeper.sh', apiRole: 'viewer' });
    await world.service.api.register({ agentId: 'plain', name: 'p', entryPoint: 'sleeper.sh' });
    const [asAgent, roleless] = await Promise.all(
      ['views', 'plain'].map(async (agentId) => tokenOf((await world.service.api.spawn(agentId)).pid)),
    );
    const agent = await world.connect(asAgent ?? '');
    await expect(world.connect(roleless ?? '')).rejects.toThrow(/forbidden|403/i);
    const before = await world.service.api.agent('steady');
    const seq = (await callTool(world.viewer, 'recent_events', { limit: 1 })).cursor;
    for (const [client, allowed] of [
      ...[[world.viewer, VIEWING] as const, [agent, VIEWING] as const],
      [world.operator, TOOLS.slice(0, -1)] as const,
    ]) {
      expect((await client.tools()).map(({ name }) => name)).toEqual(TOOLS.filter((name) => allowed.includes(name)));
      for (const name of TOOLS.filter((each) => !allowed.includes(each))) {
        const refused = errorOf(await client.call(name, { id: 'steady', confirm: true }));
        expect([name, refused.code]).toEqual([name, 'forbidden']);
        expect(refused.next).toMatch(/operator/);
      }
    }
    expect((await world.service.api.agent('steady')).pid).toBe(before.pid);
    const after = (await callTool(world.viewer, 'recent_events', { cursor: seq })).events as { agent: string }[];
    expect(after.filter((event) => event.agent === 'steady')).toEqual([]);
  });
});

describe('text of an agent', () => {
  /** Returns the texts and names of a value, except below a member that `skips` names. */
  function textsOf(value: unknown, skips = /^$/): string[] {
    if (typeof value === 'string') return [value];
    if (typeof value !== 'object' || value === null) return [];
    const members = Object.entries(value).filter(([name]) => !skips.test(name));
    return members.flatMap(([name, each]) => [name, ...textsOf(each, skips)]);
  }

  it('is in no other field, and contains neither control characters nor secrets', async () => {
    const incident = (
      (await callTool(world.viewer, 'get_agent', { id: 'failing' })).lastFailure as { incident: string }
    ).incident;
    const answers: unknown[] = await Promise.all([
      ...['hostile', 'failing'].flatMap((id) =>
        ['stdout', 'stderr'].map((stream) => world.operator.call('agent_logs', { id, stream, lines: 200 })),
      ),
      ...['get_agent', 'explain_agent'].map((name) => world.viewer.call(name, { id: 'failing' })),
      ...[world.viewer.call('recent_events', { id: 'failing', limit: 100 }), world.viewer.call('list_agents')],
      ...['agent://failing', `incident://${incident}`, 'fleet://summary'].map((uri) => world.viewer.read(uri)),
    ]);
    const all = JSON.stringify(answers);
    // Booleans, so that a failure does not print all of it.
    const has = (pattern: RegExp) => pattern.test(all);
    expect([has(/IGNORE ALL PREVIOUS INSTRUCTIONS/), has(new RegExp(SECRET)), has(/agt1\.[^*]/)]).toEqual([
      true,
      false,
      false,
    ]);
    for (const answer of answers) {
      expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThanOrEqual(MOST_BYTES);
      for (const text of textsOf(answer, /^untrusted/))
        expect(text).not.toMatch(/IGNORE|tool_call|untrusted_text|hidden|owned/);
    }
    expect(textsOf(answers).filter((text) => /[\p{Cc}\p{Cf}\u{e0000}-\u{e007f}]/u.test(text))).toEqual([]);
  });

  it('of an incident is read as a resource', async () => {
    const view = await world.viewer.read('agent://failing');
    const { incident } = view.lastFailure as { incident: string };
    const read = await world.viewer.read(`incident://${incident}`);
    expect(read).toMatchObject({ id: incident, agent: 'failing', open: true, truncated: false });
    const types = (read.events as { type: string }[]).map(({ type }) => type);
    expect(types).toEqual(expect.arrayContaining(['recovery.diagnosed', 'circuit.opened']));
    expect(await world.viewer.read('fleet://summary')).toMatchObject({
      byStatus: { halted: 1 },
      needAttention: expect.arrayContaining([expect.objectContaining({ id: 'failing' })]) as unknown[],
    });
  });
});
