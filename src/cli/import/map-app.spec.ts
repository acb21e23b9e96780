import path from 'node:path';
import fc from 'fast-check';
import { agentDefinitionSchema, type AgentDefinition } from '../../kernel';
import { mapApp } from './map-app';
import type { MapContext } from './map-context';
import type { Pm2App } from './pm2-app';

const ROOT = '/srv/agents';

const APP: Pm2App = {
  ...{ name: 'web', namespace: null, script: 'web.js', file: `${ROOT}/web/web.js`, cwd: null, args: [] },
  ...{ interpreter: null, interpreterArgs: [], env: {}, isEnvConfigured: true, instances: 1, isCluster: false },
  ...{ maxMemoryBytes: null, autorestart: true, stopExitCodes: [], killTimeoutMs: null, restartDelayMs: null },
  ...{ backoffDelayMs: null, others: [] },
};

/** Places without links, in which every file exists but those called `missing`. */
const context = (given: Partial<MapContext> = {}): MapContext => ({
  places: {
    within: (file) => {
      const relative = path.relative(ROOT, file);
      return relative.startsWith('..') ? null : relative === '' ? '.' : relative;
    },
    exists: (file) => !file.includes('missing'),
  },
  agentsDir: ROOT,
  interpreters: ['python3', 'python', 'node', 'bash', 'sh', 'none'],
  wantedEnv: [],
  ownEnv: {},
  ...given,
});

const mapOf = (app: Partial<Pm2App>, given?: Partial<MapContext>) => mapApp({ ...APP, ...app }, 'web', context(given));

describe('the definition of a program', () => {
  it('has its name, script and defaults, and is not started by itself', () => {
    const definition = agentDefinitionSchema.parse({ agentId: 'web', name: 'web', entryPoint: 'web/web.js' });
    expect(mapOf({})).toEqual({ definition, refusals: [], warnings: [], candidates: [] });
    expect(definition.autostart).toBe(false);
  });

  it.each<[Partial<Pm2App>, Partial<AgentDefinition>]>([
    [{ args: ['a', 'b c'] }, { args: ['a', 'b c'] }],
    [{ cwd: `${ROOT}/web` }, { cwd: null }],
    [{ cwd: ROOT }, { cwd: '.' }],
    [{ cwd: `${ROOT}/data` }, { cwd: 'data' }],
    [{ env: { KEY: 'x', PORT: '4101' } }, { env: { KEY: 'x', PORT: '4101' } }],
    [{ namespace: 'team' }, { tags: ['team'] }],
    [{ maxMemoryBytes: 314_572_800 }, { maxMemoryMb: 300 }],
    [{ maxMemoryBytes: 1_000_000 }, { maxMemoryMb: 0.954 }],
    [{ autorestart: false }, { policy: { restart: 'never' } }],
    [{ autorestart: false, stopExitCodes: [0] }, { policy: { restart: 'never' } }],
    [{ stopExitCodes: [0] }, { policy: { restart: 'on-failure' } }],
    [{ killTimeoutMs: 3_500 }, { policy: { killTimeoutSeconds: 3.5 } }],
    [{ restartDelayMs: 500 }, { policy: { backoffBaseSeconds: 0.5, backoffMaxSeconds: 0.5 } }],
    [{ backoffDelayMs: 100 }, { policy: { backoffBaseSeconds: 0.1 } }],
    [{ restartDelayMs: 1e12 }, { policy: { backoffBaseSeconds: 86_400, backoffMaxSeconds: 86_400 } }],
    [{ interpreter: 'node' }, { interpreter: null }],
    [{ interpreter: 'bash' }, { interpreter: 'bash' }],
    [{ interpreter: 'none' }, { interpreter: 'none' }],
    [{ file: `${ROOT}/a.py`, interpreter: 'python' }, { interpreter: null }],
    [{ file: `${ROOT}/a.py`, interpreter: 'python3' }, { interpreter: null }],
    [{ file: `${ROOT}/a.sh` }, { interpreter: 'bash' }],
    [{ interpreter: `${ROOT}/venv/bin/python` }, { interpreter: 'venv/bin/python' }],
    [{ interpreter: `${ROOT}/python` }, { interpreter: './python' }],
    [{ interpreter: '/opt/n/bin/node' }, { interpreter: 'node' }],
  ])('takes over %j', (app, expected) => {
    const { definition, refusals } = mapOf(app);
    expect(refusals).toEqual([]);
    expect(definition).toMatchObject(expected);
  });
});

describe('what cannot be taken over', () => {
  it.each<[Partial<Pm2App>, RegExp]>([
    [{ cwd: '/var/lib/web' }, /^its cwd \/var\/lib\/web is outside AGENTS_DIR/],
    [{ file: `${ROOT}/missing.js` }, /^missing\.js does not exist yet$/],
    [{ interpreter: '/opt/n/bin/node' }, /^it will be run by the node on the PATH/],
    [{ interpreterArgs: ['--inspect'] }, /^interpreter_args are not taken over/],
    [{ instances: 4 }, /^PM2 runs 4 processes of it: an agent is one process/],
    [{ instances: 0 }, /^PM2 runs one process a processor of it/],
    [{ isCluster: true }, /^exec_mode cluster/],
    [{ stopExitCodes: [0, 78] }, /^stop_exit_codes 78: only exit code 0/],
    [{ restartDelayMs: 500 }, /^restart_delay: /],
    [{ backoffDelayMs: 500 }, /^exp_backoff_restart_delay: /],
    [{ others: ['cron_restart'] }, /^cron_restart: agents are not restarted on a schedule$/],
    [{ others: ['watch'] }, /^watch: /],
    [{ others: ['env_production'] }, /^env_production: only env is taken over$/],
    [{ namespace: 'my team' }, /^its namespace is no valid tag$/],
    [{ env: { lower: 'x', AGENT_ID: 'y', LD_PRELOAD: 'z' } }, /^env AGENT_ID, LD_PRELOAD, lower: /],
  ])('is a warning: %j', (app, warning) => {
    const { definition, warnings } = mapOf(app);
    expect(definition).not.toBeNull();
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it.each<[Partial<Pm2App>, RegExp]>([
    [
      { script: '/opt/web.js', file: '/opt/web.js' },
      /^\/opt\/web\.js is not below AGENTS_DIR \(\/srv\/agents\): move it/,
    ],
    [{ file: ROOT }, /is not below AGENTS_DIR/],
    [{ script: 'python x.py --ok', file: '/srv/python x.py --ok' }, /^its script is a command line/],
    [{ namespace: 'agents' }, /^its namespace agents is that of agent-spawner/],
    [{ interpreter: 'perl' }, /^PM2 runs it by perl, which is not in INTERPRETERS/],
    [{ interpreter: '/usr/bin/python3.11' }, /outside AGENTS_DIR, and python3\.11 is not in INTERPRETERS$/],
    [{ args: ['x'.repeat(8_193)] }, /^args\.0 /],
  ])('is a refusal: %j', (app, why) => {
    const { definition, refusals } = mapOf(app);
    expect(definition).toBeNull();
    expect(refusals).toEqual([expect.stringMatching(why)]);
  });
});

describe("the environment in PM2's list", () => {
  const env = { API_KEY: 'sk-1', MODE: 'fast', PATH: '/bin', npm_x: '1', SHARED: 'same', PM2_HOME: '/x', web: '{}' };
  const listed = { isEnvConfigured: false, env };

  it('is not taken over, but what looks like configuration is named', () => {
    const { definition, candidates, warnings } = mapOf(listed, { ownEnv: { SHARED: 'same', MODE: 'slow' } });
    expect([definition?.env, candidates, warnings]).toEqual([{}, ['API_KEY', 'MODE'], []]);
  });

  it('is taken over by the names that the operator gives', () => {
    const { definition, candidates } = mapOf(listed, { wantedEnv: ['API_KEY', 'SHARED', 'NOT_THERE'] });
    expect([definition?.env, candidates]).toEqual([{ API_KEY: 'sk-1', SHARED: 'same' }, ['MODE']]);
  });

  it("never contains agent-spawner's own settings, but PORT and HOST are the program's", () => {
    const given = { API_TOKENS: 'admin:x', SUPABASE_SERVICE_ROLE_KEY: 'x', PORT: '1', HOST: 'h' };
    const { definition, candidates, warnings } = mapOf(
      { isEnvConfigured: false, env: given },
      { wantedEnv: ['API_TOKENS', 'PORT'] },
    );
    expect([definition?.env, candidates]).toEqual([{ PORT: '1' }, ['HOST']]);
    expect(warnings).toEqual(['env API_TOKENS: the name or value is not allowed for an agent']);
  });

  it('appears with no value in any text', () => {
    const names = fc.string({ minLength: 1, maxLength: 12 });
    const value = fc.string({ minLength: 8, maxLength: 20, unit: 'grapheme-ascii' }).map((text) => `=v=${text}`);
    fc.assert(
      fc.property(fc.dictionary(names, value), fc.boolean(), (given, isEnvConfigured) => {
        const { refusals, warnings, candidates } = mapOf(
          { env: given, isEnvConfigured },
          { wantedEnv: Object.keys(given) },
        );
        const texts = [...refusals, ...warnings, ...candidates].join('\n');
        for (const each of Object.values(given)) expect(texts).not.toContain(each);
      }),
    );
  });
});

describe('any program', () => {
  it('is refused with a reason, or yields a definition that the API accepts', () => {
    const texts = fc.string({ unit: 'binary', minLength: 1 });
    const milliseconds = fc.option(fc.double({ min: 1e-3, noNaN: true, noDefaultInfinity: true }));
    const app = fc.record({
      ...{
        name: texts,
        namespace: fc.option(texts),
        args: fc.array(texts),
        cwd: fc.option(texts.map((each) => `/${each}`)),
      },
      ...{ env: fc.dictionary(texts, texts), maxMemoryBytes: milliseconds, killTimeoutMs: milliseconds },
      ...{ restartDelayMs: milliseconds, interpreter: fc.option(texts), stopExitCodes: fc.array(fc.integer()) },
    });
    fc.assert(
      fc.property(app, (given) => {
        const { definition, refusals } = mapOf(given);
        expect(definition === null).toBe(refusals.length > 0);
        if (definition !== null) agentDefinitionSchema.parse(definition);
      }),
    );
  });
});
