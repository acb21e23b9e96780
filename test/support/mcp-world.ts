import { connectMcp, type ClientKind, type McpClient, type ToolResult } from './mcp-clients';
import { ADMIN_TOKEN, makeService, OPERATOR_TOKEN, VIEWER_TOKEN, type TestService } from './service';
import { until } from './until';

/** Tools that a viewer may call. */
export const VIEWING = ['list_agents', 'get_agent', 'explain_agent', 'recent_events', 'list_capabilities', 'wait_for'];
/** Every tool, in the order of the list. */
export const TOOLS = [
  ...['list_agents', 'get_agent', 'explain_agent', 'agent_logs', 'recent_events', 'list_capabilities', 'route_task'],
  ...['wait_for', 'start_agent', 'restart_agent', 'stop_agent', 'pause_agent', 'reset_circuit', 'register_agent'],
];
/** Limit of a result, in bytes. */
export const MOST_BYTES = 8_000;
/** Value in the environment of the agents that print it. */
export const SECRET = 'secret-of-the-hostile-agent';

/** A service with agents, and a client of each role that has listed its tools. */
export interface McpWorld {
  readonly service: TestService;
  readonly admin: McpClient;
  readonly operator: McpClient;
  readonly viewer: McpClient;
  /** Connects a further client, which is closed after the tests. */
  connect(token: string, kind?: ClientKind): Promise<McpClient>;
}

/**
 * Starts a service for the tests of a file, with four agents: `steady` runs, `hostile` runs and has printed hostile text,
 * `failing` is halted because of an error with such text, and `outside` is external.
 */
export function useMcpWorld(): McpWorld {
  const open: McpClient[] = [];
  let service: TestService;
  let clients: readonly McpClient[] = [];

  const connect = async (token: string, kind?: ClientKind) => {
    const client = await connectMcp(service.url, token, kind);
    open.push(client);
    return client;
  };
  const clientAt = (index: number): McpClient => {
    const client = clients[index];
    if (client === undefined) throw new Error('the service is not ready');
    return client;
  };

  beforeAll(async () => {
    service = await makeService();
    await startAgents(service);
    clients = await Promise.all([ADMIN_TOKEN, OPERATOR_TOKEN, VIEWER_TOKEN].map((token) => connect(token)));
    // A client checks a result against the schema that it has listed.
    await Promise.all(clients.map((client) => client.tools()));
  });

  afterAll(async () => {
    await Promise.all(open.map((client) => client.close()));
    await service.destroy();
  });

  return {
    connect,
    get service() {
      return service;
    },
    get admin() {
      return clientAt(0);
    },
    get operator() {
      return clientAt(1);
    },
    get viewer() {
      return clientAt(2);
    },
  };
}

async function startAgents({ api }: TestService): Promise<void> {
  const hostile = { entryPoint: 'hostile_log.js', env: { SECRET_KEY: SECRET } };
  const definitions = [
    { agentId: 'steady', name: 'Steady', entryPoint: 'sleeper.sh', capabilities: ['content.generate'] },
    { agentId: 'hostile', name: 'Hostile', ...hostile },
    { agentId: 'failing', name: 'Failing', ...hostile, args: ['fails'], policy: { restart: 'never' } },
    { agentId: 'outside', name: 'Outside', entryPoint: null },
  ];
  for (const definition of definitions) await api.register(definition);
  await Promise.all(['steady', 'hostile', 'failing'].map((agentId) => api.post(`/api/agents/${agentId}/spawn`)));
  await until(async () => (await api.agent('failing')).status === 'halted', 'the failing agent is halted');
}

/** Checks what holds for every successful result, and returns its structure. */
export function structureOf(result: ToolResult): Readonly<Record<string, unknown>> {
  const [line, ...more] = result.content;
  expect([result.isError ?? false, more, line]).toEqual([
    ...[false, [], { type: 'text', text: expect.stringMatching(/^.+$/) as string }],
  ]);
  expect(Buffer.byteLength(JSON.stringify(result))).toBeLessThanOrEqual(MOST_BYTES);
  return result.structuredContent ?? {};
}

/** Calls a tool that succeeds, and returns the structure of its result. */
export async function callTool(client: McpClient, name: string, args?: Readonly<Record<string, unknown>>) {
  return structureOf(await client.call(name, args));
}
