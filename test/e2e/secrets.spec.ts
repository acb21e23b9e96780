import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  findSecrets,
  openToOthers,
  placesInDatabase,
  placesInFiles,
  placesInPm2,
  placesInProcesses,
  type Places,
  type Secrets,
} from '../support/secret-search';
import { ADMIN_TOKEN, makeService, OPERATOR_TOKEN, VIEWER_TOKEN, type TestService } from '../support/service';
import { until } from '../support/until';

const SUPABASE_KEY = 'marked-supabase-key-5d1c0f6e2b7a';
const TELEGRAM_TOKEN = '71234567:marked-telegram-token-9f3e8c';
const OTHER_SECRET = 'marked-key-of-a-model-that-no-agent-asked-for';
const PLANTED = 'marked-value-in-the-env-of-one-agent';
const TRIED = 'marked-token-that-a-guesser-tried';

/** A closed port on the loopback: every upload fails, and the error messages are searched too. */
const NOWHERE = 'http://127.0.0.1:9';
const SETTINGS = {
  SUPABASE_URL: NOWHERE,
  SUPABASE_SERVICE_ROLE_KEY: SUPABASE_KEY,
  TELEGRAM_BOT_TOKEN: TELEGRAM_TOKEN,
  TELEGRAM_CHAT_IDS: '42',
  TELEGRAM_API_ROOT: NOWHERE,
  OPENAI_API_KEY: OTHER_SECRET,
  LOG_LEVEL: 'trace',
  RATE_LIMIT_PER_MINUTE: '0',
  CIRCUIT_FAILURE_THRESHOLD: '2',
  // Made by the service, so that its mode is the service's.
  DATA_DIR: 'made',
};

describe('the search for secrets', () => {
  it.each<[string, (secret: Buffer) => string | Buffer]>([
    ['in plain text', (secret) => secret],
    ['within a line', (secret) => `token=${secret.toString()};`],
    ['in hexadecimal', (secret) => secret.toString('hex')],
    ['in base64', (secret) => secret.toString('base64')],
    ['in base64url', (secret) => secret.toString('base64url')],
    ['in base64 with a name before it', (secret) => Buffer.from(`admin:${secret.toString()}`).toString('base64')],
    [
      'in base64 with a longer name before it',
      (secret) => Buffer.from(`admins:${secret.toString()}!`).toString('base64'),
    ],
    ['in UTF-16', (secret) => Buffer.from(secret.toString(), 'utf16le')],
  ])('finds a secret %s', (_how, hidden) => {
    const places = new Map([['a place', hidden(Buffer.from(PLANTED))]]);
    expect(findSecrets(places, { PLANTED })).toEqual(
      expect.arrayContaining([expect.stringMatching(/^a place: PLANTED/)]),
    );
    expect(findSecrets(places, { SUPABASE_KEY })).toEqual([]);
  });
});

describe.each<[string, Readonly<Record<string, string>>]>([
  ['the tokens of API_TOKENS', {}],
  ['the generated admin token', { API_TOKENS: '' }],
])('secrets, with %s', (_which, more) => {
  let service: TestService;
  let secrets: Secrets;
  let adminToken: string;
  let dataDir: string;
  const answers: string[] = [];

  beforeAll(async () => {
    service = await makeService({ settings: { ...SETTINGS, ...more }, firstStart: true, makesDatabase: true });
    dataDir = path.join(service.home.root, 'made');
    const made = path.join(dataDir, 'admin.token');
    adminToken = existsSync(made) ? readFileSync(made, 'utf8').trim() : ADMIN_TOKEN;
    const key = readFileSync(path.join(dataDir, 'signing.key'), 'utf8').trim();
    secrets = {
      ...{ adminToken, SUPABASE_KEY, TELEGRAM_TOKEN, OTHER_SECRET, TRIED },
      ...{ OPERATOR_TOKEN, VIEWER_TOKEN, signingKey: Buffer.from(key, 'base64url'), signingKeyAsWritten: key },
    };
  });

  afterAll(async () => {
    await service.destroy();
  });

  async function ask(method: string, route: string, body?: unknown, token: string | null = adminToken) {
    const response = await fetch(`${service.url}${route}`, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    answers.push([response.status, ...[...response.headers].map((each) => each.join(': ')), text].join('\n'));
    return { status: response.status, text };
  }

  async function launch(agentId: string, entryPoint: string, members: object = {}) {
    expect((await ask('POST', '/api/agents', { agentId, name: agentId, entryPoint, ...members })).status).toBe(201);
    return ask('POST', `/api/agents/${agentId}/spawn`);
  }

  const seenStatus = async (agentId: string, status: string) => {
    await until(
      async () => (await ask('GET', `/api/agents/${agentId}`)).text.includes(`"status":"${status}"`),
      `${agentId} is ${status}`,
    );
  };

  /** Exercises agents of all kinds, restarts, crashes, failures, refusals, a lost daemon and invalid settings. */
  async function live(): Promise<void> {
    const { root } = service.home;
    service.home.program('family.sh', '#!/bin/sh\nsetsid sleep 3600 &\nsleep 3600 &\nwait\n');
    service.home.program('echo.sh', '#!/bin/sh\nenv\nenv >&2\nexec sleep 3600\n');
    const circular = service.home.program('circular.sh', '');
    service.home.program('circular.sh', `#!${circular}\n`);
    await launch('python', 'environ.py', { args: [path.join(root, 'python.json')], env: { PLANTED } });
    await launch('node', 'environ.js', { args: [path.join(root, 'node.json')], envFrom: ['HOME'] });
    await launch('shell', 'echo.sh', { env: { PLANTED } });
    await launch('family', 'family.sh');
    await launch('crashing', 'crasher.py', { args: ['3'] });
    await launch('missing', 'nowhere.py', { autostart: true });
    await launch('circular', 'circular.sh', { interpreter: 'none' });
    await seenStatus('crashing', 'halted');
    await ask('POST', '/api/agents/node/restart', { reason: 'to see what it receives' });
    await ask('PATCH', '/api/agents/python', { env: { MORE: 'x' } });
    await ask('POST', '/api/agents/python/restart');
    await refuse();
    process.kill(service.home.daemonPid() ?? 0, 'SIGKILL');
    await until(() => service.home.daemonPid(), 'the daemon is there again');
    for (const agentId of ['python', 'node', 'shell', 'family']) await seenStatus(agentId, 'running');
    for (const route of ['/api/agents', '/api/events?after=0&limit=1000', '/api/agents/crashing/restarts']) {
      await ask('GET', route);
    }
    for (const route of ['/docs-json', '/docs-yaml', '/docs', '/health/ready', '/health/live', '/']) {
      await ask('GET', route, undefined, null);
    }
    await startWrongly();
    service.home.pm2('save');
    service.home.pm2('restart', 'node');
    await until(() => existsSync(path.join(root, 'node.json')), 'it was started in the shell');
  }

  /** Sends everything that might repeat its input, or reveal what it was compared with. */
  async function refuse(): Promise<void> {
    for (const token of [adminToken.slice(0, -1), `${adminToken}x`, adminToken.toUpperCase(), TRIED]) {
      expect((await ask('GET', '/api/agents', undefined, token)).status).toBe(401);
    }
    await ask('GET', `/api/agents?token=${adminToken}`, undefined, null);
    await ask('GET', `/api/events?access_token=${adminToken}`);
    await ask('POST', '/api/agents', `{"env":{"KEY":"${adminToken}"`);
    await ask('POST', '/api/agents', { agentId: 'x', name: 'x', entryPoint: null, env: { key: adminToken } });
    await ask('POST', '/api/agents', { agentId: 'x', name: 'x', entryPoint: null, envFrom: ['TELEGRAM_BOT_TOKEN'] });
    await ask('PATCH', '/api/agents/shell', { env: { SUPABASE: '***' } });
    await ask('GET', '/api/nothing');
  }

  /** Attempts starts that are refused. Their output is searched too. */
  async function startWrongly(): Promise<void> {
    const wrong: readonly Readonly<Record<string, string>>[] = [
      {}, // another process holds the lock
      { DATA_DIR: 'other', PORT: TRIED },
      { DATA_DIR: 'other', API_TOKENS: `boss:${TRIED}` },
      { DATA_DIR: 'other', API_TOKENS: `admin:${TRIED},admin:${TRIED}` },
      { DATA_DIR: 'other', LOG_LEVEL: TRIED, BACKOFF_BASE_SECONDS: TRIED },
    ];
    for (const overrides of wrong) {
      const { code, output } = await service.attempt(overrides);
      expect([overrides, code]).toEqual([overrides, 78]);
      answers.push(output);
    }
  }

  async function everywhere(): Promise<Places> {
    const holders = ['admin.token', 'signing.key'].map((name) => path.join(dataDir, name));
    return new Map<string, string | Buffer>([
      ...placesInProcesses(service.home),
      ...(await placesInPm2(service.home)),
      ...placesInFiles(service.home.root, holders),
      ['the output of the service', service.output()],
      ['the answers of the API', answers.join('\n')],
    ]);
  }

  it('are nowhere but in their own files', async () => {
    await live();
    const places = await everywhere();
    expect(findSecrets(places, secrets)).toEqual([]);
    // Proves that the search looks in the right places.
    const found = findSecrets(places, { PLANTED }).join('\n');
    for (const place of [
      /environ of an agent/,
      /pm2 jlist/,
      /getMonitorData/,
      /pm2.dump\.pm2/,
      /made.db/,
      /shell-out\.log/,
    ]) {
      expect(found).toMatch(place);
    }
    expect(found).not.toMatch(/the output of the service|the answers of the API|cmdline|environ of the daemon/);
    expect([...places.keys()].filter((place) => place.startsWith('environ of an agent')).length).toBeGreaterThan(5);
    expect(places.get('the output of the service')?.toString()).toContain('agent-spawner is ready');
    expect(places.get('the answers of the API')?.toString()).toContain('interpreter-not-found');
    expect(places.get('getReport')?.toString()).toContain('PM2_HOME');
  });

  it('are in no row of the database, whose folder only its owner can read', async () => {
    const files = readdirSync(dataDir).map((name) => path.join(dataDir, name));
    expect(openToOthers([dataDir, ...files])).toEqual([]);
    await service.end();
    const rows = await placesInDatabase(path.join(dataDir, 'db'));
    expect(findSecrets(rows, secrets)).toEqual([]);
    expect(findSecrets(rows, { PLANTED })).toEqual(['table local.agent_env: PLANTED (raw)']);
    expect(findSecrets(new Map([['what it said at its end', service.output()]]), secrets)).toEqual([]);
  });
});
