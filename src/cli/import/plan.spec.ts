import { agentDefinitionSchema, type AgentDefinitionInput } from '../../kernel';
import type { MapContext } from './map-context';
import { planImport, type Registered } from './plan';
import { planJson, planText, resultText } from './plan-report';
import type { Pm2App } from './pm2-app';

const APP: Pm2App = {
  ...{ name: 'web', namespace: null, script: 'web.js', file: '/srv/web.js', cwd: null, args: [] },
  ...{ interpreter: null, interpreterArgs: [], env: {}, isEnvConfigured: true, instances: 1, isCluster: false },
  ...{ maxMemoryBytes: null, autorestart: true, stopExitCodes: [], killTimeoutMs: null, restartDelayMs: null },
  ...{ backoffDelayMs: null, others: [] },
};

const CONTEXT: MapContext = {
  places: { within: (file) => (file.startsWith('/srv/') ? file.slice(5) : null), exists: () => true },
  ...{ agentsDir: '/srv', interpreters: ['node'], wantedEnv: [], ownEnv: {} },
};

const registered = (given: Partial<AgentDefinitionInput> = {}): Registered =>
  agentDefinitionSchema.parse({ agentId: 'web', name: 'web', entryPoint: 'web.js', ...given });

const plan = (apps: readonly Partial<Pm2App>[], existing: readonly Registered[] = []) =>
  planImport({ apps: apps.map((app) => ({ ...APP, ...app })), leftOut: [] }, existing, CONTEXT);

const named = (...names: string[]) => plan(names.map((name) => ({ name }))).apps.map(({ agentId }) => agentId);

describe('the agent id of a program', () => {
  it('is its name in the characters of an id', () => {
    expect(named('web', 'My Bot #2', 'Zürich', '料理')).toEqual(['web', 'my-bot-2', 'zurich', 'program']);
  });

  it('is made unique, which the plan says', () => {
    expect(named('My bot', 'my-bot', 'MY BOT')).toEqual(['my-bot', 'my-bot-2', 'my-bot-3']);
    expect(named('a'.repeat(70), 'a'.repeat(64))).toEqual(['a'.repeat(63), `${'a'.repeat(61)}-2`]);
    const { apps } = plan([{ name: 'My bot' }, { name: 'my-bot' }]);
    expect(apps[1]?.warnings).toEqual(['another program already has the agent id my-bot, so it gets my-bot-2']);
  });
});

describe('a program whose agent id is registered', () => {
  it('is not registered again if nothing differs', () => {
    expect(plan([{}], [registered()]).apps).toMatchObject([{ action: 'registered', differences: [] }]);
  });

  it.each<[Partial<Pm2App>, Partial<AgentDefinitionInput>, object]>([
    [{ args: ['a'] }, {}, { member: 'args', registered: [], imported: ['a'] }],
    [{}, { entryPoint: 'other.js' }, { member: 'entryPoint', registered: 'other.js', imported: 'web.js' }],
    [{ env: { KEY: 'secret' } }, {}, { member: 'env', registered: [], imported: ['KEY'] }],
    [{}, { policy: { restart: 'never' } }, { member: 'policy', registered: { restart: 'never' }, imported: {} }],
    [{ maxMemoryBytes: 1_048_576 }, {}, { member: 'maxMemoryMb', registered: null, imported: 1 }],
  ])('differs by %j from %j', (app, existing, difference) => {
    expect(plan([app], [registered(existing)]).apps).toMatchObject([{ action: 'differs', differences: [difference] }]);
  });

  it('does not differ by a value of env, which the service does not show', () => {
    const existing = { ...registered(), env: { KEY: '***' } };
    expect(plan([{ env: { KEY: 'secret' } }], [existing]).apps).toMatchObject([{ action: 'registered' }]);
  });
});

describe('the text of a plan', () => {
  const SECRET = 'very-secret-value';
  const mixed = plan(
    [
      { name: 'worker', file: '/srv/w.js', args: ['--key', SECRET], env: { KEY: SECRET }, others: ['watch'] },
      { args: ['changed'] },
      { name: 'far', script: '/opt/far.js', file: '/opt/far.js' },
      { name: 'listed', file: '/srv/l.js', isEnvConfigured: false, env: { MODE: SECRET } },
    ],
    [registered()],
  );

  it('shows what each program becomes, and what it cannot', () => {
    expect(planText({ ...mixed, leftOut: [{ name: 'a1', why: 'agent-spawner runs it already' }] }, 'PM2')).toBe(
      `PM2:

1. worker can be registered as worker
    + entryPoint   "w.js"
    + args         ["--key","***"]
    + env          ["KEY"]
    ! watch: agents are not restarted when files change

- web is registered already, but differs from web
    ~ args         [] is registered, PM2 has ["changed"]
    ! it is not changed: change it with PATCH, if PM2 is right

- far cannot be imported as far
    x /opt/far.js is not below AGENTS_DIR (/srv): move it there, or start agent-spawner with another AGENTS_DIR

2. listed can be registered as listed
    + entryPoint   "l.js"
    ? env is not taken over. Perhaps it needs --env MODE

- a1: left out, agent-spawner runs it already`,
    );
  });

  it('and its JSON contain no value of env', () => {
    expect(JSON.stringify(planJson(mixed))).toContain('"KEY":"***"');
    expect(JSON.stringify(planJson(mixed)) + planText(mixed, 'PM2')).not.toContain(SECRET);
  });

  it('contains no control characters of a name', () => {
    expect(planText(plan([{ name: 'a\u001b[31mb\nc' }]), 'PM2')).toContain('1. ab c can be registered as a-31mb-c');
  });

  it('says so if there are no programs', () => {
    expect(planText(plan([]), 'PM2')).toBe('PM2: no programs.');
  });
});

describe('the text of the results', () => {
  const results = [
    { name: "Bob's bot", agentId: 'bob-s-bot', error: null },
    { name: 'web', agentId: 'web', error: '/cwd: must be inside AGENTS_DIR.' },
  ];
  const url = 'http://127.0.0.1:3100';

  it('tells how to move each program without running it twice', () => {
    expect(resultText(results, { url, pm2Home: null, isRunning: true })).toBe(
      `registered bob-s-bot (stopped)
web was not registered: /cwd: must be inside AGENTS_DIR.

Next: move them one by one. A program that still runs under PM2 would run twice.
  npx pm2 delete 'Bob'\\''s bot'
  curl -X POST -H "Authorization: Bearer $TOKEN" ${url}/api/agents/bob-s-bot/spawn
If PM2 saved its list (pm2 save), save it again afterwards: npx pm2 save`,
    );
  });

  it('names the PM2 home, and deletes nothing that only a file names', () => {
    const text = resultText(results, { url, pm2Home: '/my home/.pm2', isRunning: false });
    expect(text).toContain(
      "If PM2 runs one of them, delete it there first: PM2_HOME='/my home/.pm2' npx pm2 delete NAME",
    );
    expect(text).not.toContain("Bob'\\''s bot");
  });

  it('has no next steps if nothing was registered', () => {
    expect(resultText(results.slice(1), { url, pm2Home: null, isRunning: true })).not.toContain('Next');
  });
});
