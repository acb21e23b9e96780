import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServiceClient } from '../../../src/cli/import/service-client';
import { readSettings, resolveSettings } from '../../../src/config';
import { isProblem } from '../../../src/kernel';
import { definitionOf } from '../../support/definitions';
import { makeTempFolder } from '../../support/temp-folder';

const TOKEN = 'admin-token-of-the-client';

describe('the client of the import command', () => {
  const folder = makeTempFolder();
  let answer: RequestListener;
  const server = createServer((request, response) => {
    answer(request, response);
  });
  const serve = (status: number, body: string, headers: Record<string, string> = {}) => {
    answer = (_, response) => response.writeHead(status, headers).end(body);
  };
  const clientOf = (settings: Record<string, string>, at: string | null = url()) =>
    ServiceClient.of(
      resolveSettings(readSettings({ DATA_DIR: folder.root, ...settings }), folder.root, folder.root),
      at,
    );
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = () => clientOf({ API_TOKENS: `viewer:viewer-token-of-it,admin:${TOKEN}` });

  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));

  afterAll(() => {
    server.closeAllConnections();
    server.close();
    folder.remove();
  });

  it('uses HOST and PORT, the admin token of API_TOKENS, or the generated one', async () => {
    expect(clientOf({ PORT: '4200', HOST: '::' }, null).url).toBe('http://[::1]:4200');
    folder.file('admin.token', 'generated-admin-token\n');
    const seen: unknown[] = [];
    answer = (request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      response.writeHead(200).end('{"agents": []}');
    };
    expect(await client().list()).toEqual([]);
    expect(await clientOf({}).list()).toEqual([]);
    expect(seen).toEqual([
      ['GET', '/api/agents', `Bearer ${TOKEN}`],
      ['GET', '/api/agents', 'Bearer generated-admin-token'],
    ]);
  });

  it('needs an admin token', () => {
    const fault = () => clientOf({ API_TOKENS: 'viewer:viewer-token-of-it' });
    expect(fault).toThrow('API_TOKENS has no token with the role admin');
  });

  it.each([
    [
      'a refused token',
      401,
      '{"detail": "The token is unknown."}',
      /refused the list of agents: The token is unknown\./,
    ],
    ['another program', 200, '<html>', /is not the API of agent-spawner/],
    ['a redirect', 302, '', /./],
  ])('reports %s', async (_, status, body, why) => {
    serve(status, body, status === 302 ? { location: 'http://127.0.0.1:1/' } : {});
    const outcome = await client()
      .list()
      .catch((error: unknown) => (isProblem(error) ? error.detail : error));
    // A redirect is not followed: the service counts as absent.
    expect(String(outcome)).toMatch(status === 302 ? /^null$/ : why);
  });

  it('finds no service where none listens, or none ever ran', async () => {
    expect(await clientOf({ API_TOKENS: `admin:${TOKEN}` }, 'http://127.0.0.1:1').list()).toBeNull();
    expect(await clientOf({ DATA_DIR: folder.at('none') }).list()).toBeNull();
  });

  it('reports why a registration was refused, with every fault', async () => {
    const errors = [
      { pointer: '/cwd', detail: 'must be inside AGENTS_DIR' },
      { pointer: '/interpreter', detail: 'must be one of node' },
    ];
    serve(422, JSON.stringify({ detail: '/cwd: must be inside AGENTS_DIR (and 1 more, see errors).', errors }));
    expect(await client().register(definitionOf())).toBe(
      '/cwd: must be inside AGENTS_DIR (and 1 more, see errors). /interpreter: must be one of node',
    );
    serve(201, '{}');
    expect(await client().register(definitionOf())).toBeNull();
    serve(500, 'oops');
    expect(await client().register(definitionOf())).toBe('it answered 500');
    expect(await clientOf({ API_TOKENS: `admin:${TOKEN}` }, 'http://127.0.0.1:1').register(definitionOf())).toMatch(
      /^http:\/\/127\.0\.0\.1:1 did not answer: /,
    );
  });
});
