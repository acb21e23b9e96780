import type { LaunchPlan } from '../launch/launch-plan';
import { buildPrepareRequest } from './pm2-launcher';

const plan: LaunchPlan = {
  agentId: 'a',
  runId: 'run-1',
  program: '/bin/python3',
  args: ['-u', '/agents/a.py'],
  cwd: '/agents',
  env: { AGENT_ID: 'a', KEY: 'value' },
  killTimeoutMs: 10_000,
};

const NOW = 1_000;
const fresh = buildPrepareRequest(plan, '/home/me/.pm2', null, NOW);
const over = buildPrepareRequest(plan, '/home/me/.pm2', { entryId: 7, restartTime: 4 }, NOW);

describe('the request to prepare', () => {
  it('contains the program, the namespace of the agents, and the exact environment', () => {
    expect(fresh).toMatchObject({
      name: 'a',
      namespace: 'agents',
      pm_exec_path: '/bin/python3',
      args: ['-u', '/agents/a.py'],
      exec_interpreter: 'none',
      exec_mode: 'fork_mode',
      pm_cwd: '/agents',
      env: { AGENT_ID: 'a', KEY: 'value' },
      kill_timeout: 10_000,
      treekill: true,
      autostart: true,
      pmx: false,
      vizion: false,
    });
  });

  it('never makes PM2 restart the program by itself', () => {
    for (const prepared of [fresh, over]) {
      expect(prepared).toHaveProperty('autorestart', false);
      for (const name of ['max_memory_restart', 'cron_restart', 'cron', 'watch', 'instances', 'filter_env']) {
        expect(prepared).not.toHaveProperty(name);
      }
    }
  });

  it('sets explicit paths for the logs', () => {
    expect(fresh).toMatchObject({
      pm_out_log_path: '/home/me/.pm2/logs/a-out.log',
      pm_err_log_path: '/home/me/.pm2/logs/a-error.log',
      pm_pid_path: '/home/me/.pm2/pids/a.pid',
      merge_logs: true,
    });
  });

  it('has no number if it replaces no entry, so that PM2 assigns one', () => {
    for (const name of ['pm_id', 'restart_time', 'created_at']) expect(fresh).not.toHaveProperty(name);
  });

  it('keeps the number of the entry that it replaces, and continues its restart count', () => {
    expect(over).toMatchObject({
      pm_id: 7,
      restart_time: 5,
      unstable_restarts: 0,
      created_at: NOW,
      pm_pid_path: '/home/me/.pm2/pids/a-7.pid',
    });
  });

  it('can replace the entry 0', () => {
    expect(buildPrepareRequest(plan, '/p', { entryId: 0, restartTime: 0 }, NOW)).toMatchObject({
      pm_id: 0,
      restart_time: 1,
    });
  });

  it('contains the environment of the plan only', () => {
    for (const prepared of [fresh, over]) expect(prepared).toHaveProperty('env', { AGENT_ID: 'a', KEY: 'value' });
  });
});
