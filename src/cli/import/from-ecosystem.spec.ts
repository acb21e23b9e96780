import { readEcosystem } from './from-ecosystem';
import type { Pm2App } from './pm2-app';

const FILE = '/srv/bots/ecosystem.config.js';

const PLAIN: Pm2App = {
  ...{ name: 'app', namespace: null, script: 'app.js', file: '/srv/bots/app.js', cwd: null, args: [] },
  ...{ interpreter: null, interpreterArgs: [], env: {}, isEnvConfigured: true, instances: 1, isCluster: false },
  ...{ maxMemoryBytes: null, autorestart: true, stopExitCodes: [], killTimeoutMs: null, restartDelayMs: null },
  ...{ backoffDelayMs: null, others: [] },
};

const appsOf = (...apps: unknown[]) => readEcosystem({ apps }, FILE).apps;

describe('an ecosystem file', () => {
  it.each<[string, unknown]>([
    ['apps', { apps: [{ script: 'app.js' }], deploy: {} }],
    ['pm2', { pm2: [{ script: 'app.js' }] }],
    ['one program in apps', { apps: { script: 'app.js' } }],
    ['a list', [{ script: 'app.js' }]],
    ['one program', { script: 'app.js' }],
  ])('may export %s', (_, content) => {
    expect(readEcosystem(content, FILE)).toEqual({ apps: [PLAIN], leftOut: [] });
  });

  it.each<[object, Partial<Pm2App>]>([
    [{ name: 'My bot' }, { name: 'My bot' }],
    [
      { script: undefined, exec: 'x.py' },
      { name: 'x', script: 'x.py', file: '/srv/bots/x.py' },
    ],
    [
      { script: undefined, cmd: './x.py' },
      { name: 'x', script: './x.py', file: '/srv/bots/x.py' },
    ],
    [{ cwd: 'sub' }, { cwd: '/srv/bots/sub', file: '/srv/bots/sub/app.js' }],
    [{ cwd: '/opt' }, { cwd: '/opt', file: '/opt/app.js' }],
    [{ args: `a "b c" --x='d e' 'f'` }, { args: ['a', 'b c', "--x='d e'", 'f'] }],
    [{ args: ['a b', 3] }, { args: ['a b', '3'] }],
    [{ interpreter: 'python3' }, { interpreter: 'python3' }],
    [{ exec_interpreter: 'ruby', interpreter: 'bash' }, { interpreter: 'ruby' }],
    [{ node_args: '--a --b' }, { interpreterArgs: ['--a', '--b'] }],
    [{ interpreter_args: ['--a'] }, { interpreterArgs: ['--a'] }],
    [{ env: { A: 'x', B: 5, C: true, D: { e: 1 }, F: null } }, { env: { A: 'x', B: '5', C: 'true', D: '{"e":1}' } }],
    [{ port: 4_101 }, { env: { PORT: '4101' } }],
    [{ namespace: 'team' }, { namespace: 'team' }],
    [{ namespace: 'default' }, { namespace: null }],
    [{ instances: 4 }, { instances: 4 }],
    [{ instances: 'max' }, { instances: 0 }],
    [{ instances: -1 }, { instances: 0 }],
    [{ exec_mode: 'cluster' }, { isCluster: true }],
    [{ max_memory_restart: '1.5G' }, { maxMemoryBytes: 1_610_612_736 }],
    [{ max_memory_restart: '300M' }, { maxMemoryBytes: 314_572_800 }],
    [{ max_memory_restart: '512K' }, { maxMemoryBytes: 524_288 }],
    [{ max_memory_restart: 1_000_000 }, { maxMemoryBytes: 1_000_000 }],
    [{ max_memory_restart: 'much' }, { maxMemoryBytes: null }],
    [{ autorestart: false }, { autorestart: false }],
    [{ stop_exit_codes: [0, '7'] }, { stopExitCodes: [0, 7] }],
    [{ kill_timeout: 3_000 }, { killTimeoutMs: 3_000 }],
    [{ restart_delay: '500' }, { restartDelayMs: 500 }],
    [{ exp_backoff_restart_delay: 100 }, { backoffDelayMs: 100 }],
    [
      { env_production: { A: 'x' }, cron: '0 0 * * *', out: 'a.log' },
      { others: ['cron_restart', 'out_file', 'env_production'] },
    ],
    [{ watch: ['src'], ignore_watch: ['x'], user: 'bot' }, { others: ['watch', 'uid'] }],
    [{ watch: false, vizion: false, merge_logs: true, time: false }, { others: [] }],
  ])('reads %j', (given, expected) => {
    expect(appsOf({ script: 'app.js', ...given })).toEqual([{ ...PLAIN, ...expected }]);
  });

  it("names PM2's static file server, which is not taken over", () => {
    expect(readEcosystem({ apps: [], static: [{ port: 80, path: '.' }] }, FILE)).toEqual({
      apps: [],
      leftOut: [{ name: 'static', why: "PM2's static file server is no agent" }],
    });
  });

  it.each<[unknown, RegExp]>([
    [{ apps: [{ name: 'x' }] }, /^.*ecosystem\.config\.js: program 1 cannot be read: \/script: /],
    [{ apps: [{ script: 'a.js' }, { script: 5 }] }, /program 2 cannot be read: \/script: /],
    [{ apps: [{ script: 'a.js', env: 'A=1' }] }, /\/env: /],
    [{ apps: ['a.js'] }, /program 1 cannot be read/],
    ['text', /program 1 cannot be read/],
    [null, /program 1 cannot be read/],
  ])('that exports %j is refused, by what is wrong', (content, why) => {
    expect(() => readEcosystem(content, FILE)).toThrow(why);
  });
});
