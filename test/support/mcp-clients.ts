import { Client, StreamableHTTPClientTransport, type Progress } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** Result of a tool call, as far as the tests need it. */
export interface ToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: Progress) => void;
}

/** A client of the protocol, of any version. */
export interface McpClient {
  readonly instructions: string;
  tools(): Promise<readonly { readonly name: string }[]>;
  /** Calls a tool. The client checks the structured result against the output schema that `tools` returned. */
  call(name: string, args?: Readonly<Record<string, unknown>>, options?: CallOptions): Promise<ToolResult>;
  resources(): Promise<readonly string[]>;
  templates(): Promise<readonly string[]>;
  /** Reads a resource, and parses it. */
  read(uri: string): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

export const CLIENTS = ['SDK 2, 2026-07-28', 'SDK 2, 2025-11-25', 'SDK 1'] as const;
export type ClientKind = (typeof CLIENTS)[number];

const NAMED = { name: 'test', version: '1.0.0' };

/** Connects a client with a token. */
export async function connectMcp(url: string, token: string, kind: ClientKind = CLIENTS[0]): Promise<McpClient> {
  const address = new URL('/mcp', url);
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  if (kind === 'SDK 1') {
    const client = new OldClient(NAMED);
    await client.connect(new OldTransport(address, { requestInit }));
    return wrap(client, (name, args, options) => client.callTool({ name, arguments: args }, undefined, options));
  }
  const mode = kind === 'SDK 2, 2025-11-25' ? 'legacy' : { pin: '2026-07-28' };
  const client = new Client(NAMED, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(address, { requestInit }));
  return wrap(client, (name, args, options) => client.callTool({ name, arguments: args }, options));
}

function wrap(
  client: Client | OldClient,
  call: (name: string, args: Record<string, unknown>, options: CallOptions | undefined) => Promise<unknown>,
): McpClient {
  return {
    instructions: client.getInstructions() ?? '',
    tools: async () => (await client.listTools()).tools,
    call: async (name, args = {}, options) => (await call(name, { ...args }, options)) as ToolResult,
    resources: async () => (await client.listResources()).resources.map(({ uri }) => uri),
    templates: async () =>
      (await client.listResourceTemplates()).resourceTemplates.map(({ uriTemplate }) => uriTemplate),
    read: async (uri) => {
      const { contents } = await client.readResource({ uri });
      const [content] = contents;
      if (content === undefined || !('text' in content)) throw new Error(`${uri} has no text`);
      return JSON.parse(content.text) as Record<string, unknown>;
    },
    close: () => client.close(),
  };
}

/** Returns the error of a failed call. */
export function errorOf(result: ToolResult): { readonly code: string; readonly next: string } {
  if (result.isError !== true) throw new Error(`it did not fail: ${JSON.stringify(result)}`);
  return JSON.parse(result.content[0]?.text ?? '') as { code: string; next: string };
}
