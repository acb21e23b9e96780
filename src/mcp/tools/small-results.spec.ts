import { AGENT_STATUSES, diagnosisOf, type AgentView, type Diagnosis } from '../../kernel';
import type { CapabilityRegistry } from '../../capabilities';
import type { AgentEvent, EventLog, RestartLog } from '../../events';
import type { AgentLogs, AgentViews, SelfHealingLoop } from '../../healing';
import { makeView } from '../../../test/support/agent-views';
import { bytesOf, MOST_BYTES } from '../page';
import { ReadingTools } from '../reading-tools';
import type { ToolCall } from '../tool';

const LONG = '"\\é'.repeat(600);
const idOf = (index: number) => `agent-${String(index).padStart(4, '0')}-${'x'.repeat(50)}`;

/** 500 agents with the longest names, texts and lists that are allowed. */
const VIEWS: readonly AgentView[] = Array.from({ length: 500 }, (_, index) =>
  makeView({
    ...{
      agentId: idOf(index),
      name: '"'.repeat(200),
      status: AGENT_STATUSES[index % AGENT_STATUSES.length] ?? 'running',
    },
    tags: Array.from({ length: 64 }, (_each, tag) => `${tag}${'t'.repeat(60)}`),
    capabilities: Array.from({ length: 256 }, (_each, each) => `c${each}.${'c'.repeat(120)}`),
    ...{ entryPoint: 'e'.repeat(1_024), endpoint: `http://localhost/${'p'.repeat(2_000)}` },
    announced: { endpoint: `http://localhost/${'q'.repeat(2_000)}`, healthUrl: null },
    ...{ nextAttemptAt: '2026-01-01T00:00:00.000Z', pausedUntil: '2026-01-01T00:00:00.000Z', restartPending: true },
    lastFailure: {
      ...{ at: '2026-01-01T00:00:00.000Z', cause: 'unhandled-exception', line: LONG, action: 'restart' },
      incidentId: '00000000-0000-4000-8000-000000000000',
    },
  }),
);
const EVENTS: readonly AgentEvent[] = Array.from({ length: 101 }, (_, index) => ({
  ...{ seq: index + 1, id: 'id', agentId: idOf(index), type: 'recovery.diagnosed', occurredAt: 0 },
  data: { line: LONG, evidence: Array.from({ length: 20 }, () => ({ detail: LONG })) },
}));
const DIAGNOSIS: Diagnosis = diagnosisOf('unhandled-exception', LONG, {
  block: Array.from({ length: 20 }, () => LONG),
  evidence: Array.from({ length: 20 }, () => ({ source: 'stderr', detail: LONG })),
});

const capabilities = Object.fromEntries(
  Array.from({ length: 500 }, (_, index) => [
    `c${String(index).padStart(4, '0')}.${'x'.repeat(100)}`,
    VIEWS.slice(0, 20).map(({ agentId }) => agentId),
  ]),
);

/** Ports with the largest answers. Each tool uses only these methods. */
const ports = {
  views: { list: () => [...VIEWS], view: () => VIEWS[0] } as unknown as AgentViews,
  loop: {
    diagnose: () => ({ ...DIAGNOSIS, advice: LONG, agentId: 'a', incidentId: 'i', open: true, diagnosedAt: 0 }),
  } as unknown as SelfHealingLoop,
  restarts: {
    list: (_: string, limit: number) =>
      Promise.resolve(Array.from({ length: limit }, () => ({ restartedAt: 0, success: true, reason: LONG }))),
  } as unknown as RestartLog,
  logs: {
    tail: (_: string, __: string, { lines }: { lines: number }) =>
      Promise.resolve({ lines: Array.from({ length: lines }, () => LONG), hasEarlier: true }),
  } as unknown as AgentLogs,
  events: { list: ({ limit }: { limit: number }) => Promise.resolve(EVENTS.slice(0, limit)) } as unknown as EventLog,
  capabilities: { listCapabilities: () => capabilities } as unknown as CapabilityRegistry,
};
const tools = new Map(
  new ReadingTools(ports.views, ports.loop, ports.restarts, ports.logs, ports.events, ports.capabilities).tools.map(
    (tool) => [tool.name, tool],
  ),
);
const CALL: ToolCall = { role: 'operator', signal: new AbortController().signal, report: () => undefined };

async function call(name: string, args: object): Promise<Readonly<Record<string, unknown>>> {
  const tool = tools.get(name)!;
  const { structured, line } = await tool.call(args, CALL);
  expect([name, line.split('\n').length]).toEqual([name, 1]);
  expect(bytesOf({ content: [{ type: 'text', text: line }], structuredContent: structured })).toBeLessThanOrEqual(
    MOST_BYTES,
  );
  return structured;
}

describe('the result of a tool', () => {
  it.each([
    ['get_agent', { id: 'a' }],
    ['explain_agent', { id: 'a' }],
    ['agent_logs', { id: 'a', lines: 200 }],
    ['agent_logs', { id: 'a', lines: 200, stream: 'stderr' }],
    ['recent_events', { limit: 100 }],
    ['recent_events', { limit: 100, cursor: 0 }],
  ])('of %s %j is small, whatever agents wrote', async (name, args) => {
    expect(await call(name, args)).toMatchObject({ truncated: true });
  });

  it.each([
    ['list_agents', 'agents', 'id', VIEWS.map(({ agentId }) => agentId)],
    ['list_capabilities', 'capabilities', 'name', Object.keys(capabilities)],
  ])('of %s is small with 500 agents, and its pages miss nothing', async (name, list, key, expected) => {
    const seen: unknown[] = [];
    let pages = 0;
    for (let cursor: unknown; ; pages += 1) {
      const page = await call(name, cursor === undefined ? {} : { cursor });
      seen.push(...(page[list] as Record<string, unknown>[]).map((row) => row[key]));
      cursor = page.cursor;
      if (page.truncated !== true) break;
    }
    expect(seen).toEqual(expected);
    expect(pages).toBeGreaterThan(2);
  });

  it('of agent_logs refuses a cursor that it did not give', async () => {
    for (const cursor of ['x', '1', '-1.0', '1.2.3']) {
      await expect(call('agent_logs', { id: 'a', cursor })).rejects.toMatchObject({ code: 'invalid-request' });
    }
  });
});
