import { readList } from './from-list';
import type { Pm2App } from './pm2-app';

/** Returns a row of PM2's list as PM2 7.0.4 sends it; members of the entry can be overridden. */
const row = (name: string, entry: object = {}) => ({
  ...{ name, pid: 17, pm_id: 0, monit: { memory: 1, cpu: 0 } },
  pm2_env: {
    ...{ name, namespace: 'default', pm_exec_path: `/srv/${name}.js`, pm_cwd: '/srv', exec_interpreter: 'node' },
    ...{ exec_mode: 'fork_mode', instances: 1, autorestart: true, autostart: true, merge_logs: true, vizion: true },
    ...{ node_args: [], status: 'online', instance_var: 'NODE_APP_INSTANCE', treekill: true, unique_id: 'u' },
    ...{ env: { KEY: 'secret', [name]: '{}', unique_id: 'u' }, KEY: 'secret' },
    ...entry,
  },
});

const PLAIN: Pm2App = {
  ...{ name: 'web', namespace: null, script: '/srv/web.js', file: '/srv/web.js', cwd: '/srv', args: [] },
  ...{ interpreter: 'node', interpreterArgs: [], env: { KEY: 'secret', web: '{}', unique_id: 'u' } },
  ...{ isEnvConfigured: false, instances: 1, isCluster: false, maxMemoryBytes: null, autorestart: true },
  ...{ stopExitCodes: [], killTimeoutMs: null, restartDelayMs: null, backoffDelayMs: null, others: [] },
};

const appsOf = (...rows: unknown[]) => readList(rows, []).apps;

describe("PM2's list", () => {
  it('yields the program of an entry', () => {
    expect(readList([row('web')], [])).toEqual({ apps: [PLAIN], leftOut: [] });
  });

  it.each<[object, Partial<Pm2App>]>([
    [{ args: ['x', 'y z'] }, { args: ['x', 'y z'] }],
    [{ node_args: ['--max-old-space-size=100'] }, { interpreterArgs: ['--max-old-space-size=100'] }],
    [{ namespace: 'team' }, { namespace: 'team' }],
    [{ max_memory_restart: 314_572_800 }, { maxMemoryBytes: 314_572_800 }],
    [{ autorestart: false }, { autorestart: false }],
    [{ stop_exit_codes: 0 }, { stopExitCodes: [0] }],
    [{ stop_exit_codes: [0, 78] }, { stopExitCodes: [0, 78] }],
    [{ kill_timeout: 3_000 }, { killTimeoutMs: 3_000 }],
    [{ restart_delay: 500 }, { restartDelayMs: 500 }],
    [{ exp_backoff_restart_delay: 100 }, { backoffDelayMs: 100 }],
    [{ exec_mode: 'cluster_mode' }, { isCluster: true }],
    [{ exec_interpreter: undefined }, { interpreter: null }],
    [
      { cron_restart: '0 0 * * *', watch: true, max_restarts: 3 },
      { others: ['cron_restart', 'watch', 'max_restarts'] },
    ],
    [{ cron_restart: '0', watch: false, min_uptime: undefined, watch_delay: 5 }, { others: [] }],
    [{ env_production: { KEY: 'other' } }, { others: [] }],
  ])('reads %j', (entry, expected) => {
    expect(appsOf(row('web', entry))).toEqual([{ ...PLAIN, ...expected }]);
  });

  it('yields one program for the processes of a cluster', () => {
    const cluster = { exec_mode: 'cluster_mode', instances: 3 };
    expect(appsOf(row('web', cluster), row('web', cluster), row('web', cluster))).toEqual([
      { ...PLAIN, isCluster: true, instances: 3 },
    ]);
  });

  it('distinguishes programs of one name', () => {
    const other = { namespace: 'team', pm_exec_path: '/srv/other.js' };
    expect(appsOf(row('web'), row('web', other)).map(({ file }) => file)).toEqual(['/srv/web.js', '/srv/other.js']);
  });

  it.each<[string, object, string]>([
    ['an agent', { namespace: 'agents', AGENT_RUN_ID: 'r', AGENT_TOKEN: 't' }, 'agent-spawner runs it already'],
    ['agent-spawner itself', { pm_exec_path: '/opt/spawner/dist/main.js' }, 'it is agent-spawner itself'],
    ['a module of PM2', { pmx_module: true }, 'it is a module of PM2'],
    ['an entry without a program', { pm_exec_path: undefined }, 'its entry in PM2 names no program'],
  ])('leaves %s out, and says so', (_, entry, why) => {
    expect(readList([row('web', entry)], ['/opt/spawner/dist/main.js'])).toEqual({
      apps: [],
      leftOut: [{ name: 'web', why }],
    });
  });

  it.each([
    ['in the namespace of the agents without the mark', { namespace: 'agents' }],
    ['with a run id in another namespace', { AGENT_RUN_ID: 'r', AGENT_TOKEN: 't' }],
  ])("does not take the operator's own program for an agent: %s", (_, entry) => {
    expect(appsOf(row('web', entry))).toHaveLength(1);
  });

  it.each([null, 'text', {}, [null], [{}], [{ name: 5 }]])(
    'that is %j yields no program, and does not fail',
    (rows) => {
      expect(readList(rows, []).apps).toEqual([]);
    },
  );
});
