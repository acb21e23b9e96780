import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer, ResourceTemplate, type McpServerFactory } from '@modelcontextprotocol/server';
import express, { type Request, type Response } from 'express';
import { z } from 'zod';
import { isAllowedHost } from '../../src/auth';
import { isAllowedOrigin } from '../../src/mcp/origin.guard';
import { McpTransport } from '../../src/mcp/transport';
import { registerInputs, stateCodec } from './mcp-fixture-inputs';

/** One red pixel. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
/** An empty sound. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

const text = (value: string) => ({ type: 'text' as const, text: value });
const image = { type: 'image' as const, data: PNG, mimeType: 'image/png' };
const user = (content: object) => ({ role: 'user' as const, content }) as never;
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

/** Builds the server with the tools, resources and prompts that the conformance suite wants. */
const buildFixture: McpServerFactory = () => {
  const server = new McpServer(
    { name: 'fixture', version: '1.0.0' },
    {
      capabilities: {
        ...{ logging: {}, completions: {}, resources: { subscribe: true, listChanged: false } },
        ...{ tools: { listChanged: false }, prompts: { listChanged: false } },
      },
      requestState: { verify: (state, context) => stateCodec.verify(state, context) },
    },
  );
  registerTools(server);
  registerResources(server);
  registerPrompts(server);
  registerInputs(server);
  const low = server.server;
  low.setRequestHandler('completion/complete', () => ({ completion: { values: [], total: 0, hasMore: false } }));
  low.setRequestHandler('resources/subscribe', () => ({}));
  low.setRequestHandler('resources/unsubscribe', () => ({}));
  return server;
};

function registerTools(server: McpServer): void {
  const fixed = (name: string, content: readonly object[]) => {
    server.registerTool(name, { description: name }, () => ({ content: content as never }));
  };
  const resource = (uri: string, mimeType: string, value: string) => ({
    type: 'resource',
    resource: { uri, mimeType, text: value },
  });
  fixed('test_simple_text', [text('This is a simple text response for testing.')]);
  fixed('test_image_content', [image]);
  fixed('test_audio_content', [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }]);
  fixed('test_embedded_resource', [
    resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  ]);
  fixed('test_multiple_content_types', [
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ]);
  server.registerTool('test_error_handling', { description: 'fails' }, () => {
    throw new Error('This tool intentionally returns an error for testing');
  });
  for (const name of ['test_tool_with_logging', 'test_logging_tool']) {
    server.registerTool(name, { description: 'logs' }, async ({ mcpReq }) => {
      for (const line of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        // eslint-disable-next-line @typescript-eslint/no-deprecated -- the suite requires it for 2025-11-25
        await mcpReq.log('info', line);
        await pause();
      }
      return { content: [text('logged')] };
    });
  }
  server.registerTool('test_tool_with_progress', { description: 'reports' }, async ({ mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken;
    for (const progress of [0, 50, 100]) {
      if (progressToken !== undefined)
        await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
      await pause();
    }
    return { content: [text('done')] };
  });
}

function registerResources(server: McpServer): void {
  const described = (mimeType: string) => ({ description: 'fixture', mimeType });
  server.registerResource('text', 'test://static-text', described('text/plain'), ({ href }) => ({
    contents: [{ uri: href, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
  }));
  server.registerResource('binary', 'test://static-binary', described('image/png'), ({ href }) => ({
    contents: [{ uri: href, mimeType: 'image/png', blob: PNG }],
  }));
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined });
  server.registerResource('template', template, described('application/json'), ({ href }, { id }) => {
    const data = { id, templateTest: true, data: `Data for ID: ${String(id)}` };
    return { contents: [{ uri: href, mimeType: 'application/json', text: JSON.stringify(data) }] };
  });
}

function registerPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'simple' }, () => ({
    messages: [user(text('This is a simple prompt for testing.'))],
  }));
  const two = z.object({ arg1: z.string(), arg2: z.string() });
  server.registerPrompt('test_prompt_with_arguments', { description: 'two', argsSchema: two }, ({ arg1, arg2 }) => ({
    messages: [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
  }));
  const argsSchema = z.object({ resourceUri: z.string() });
  server.registerPrompt('test_prompt_with_embedded_resource', { description: 'embeds', argsSchema }, (args) => ({
    messages: [
      user({
        type: 'resource',
        resource: { uri: args.resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
      }),
      user(text('Please process the embedded resource above.')),
    ],
  }));
  server.registerPrompt('test_prompt_with_image', { description: 'shows' }, () => ({
    messages: [user(image), user(text('Please analyze the image above.'))],
  }));
}

/** Serves the fixtures through the transport of the product, behind the same checks of host and origin. */
export async function startFixtureServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const transport = new McpTransport(buildFixture, () => undefined);
  const app = express();
  app.use(express.json());
  app.use((request: Request, response: Response) => {
    const { host, origin } = request.headers;
    if (!isAllowedHost(host, []) || (origin !== undefined && !isAllowedOrigin(origin, []))) response.sendStatus(403);
    else void transport.handle(request, response, 'viewer');
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/mcp`,
    close: async () => {
      await transport.close();
      await endServer(server);
    },
  };
}

/** Ends a server with the connections that clients keep. */
export function endServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
