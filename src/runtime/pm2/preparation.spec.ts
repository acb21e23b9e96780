import type { LaunchPlan } from '../process-runtime';
import { preparation } from './preparation';

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
const fresh = preparation(plan, '/home/me/.pm2', null, NOW);
const over = preparation(plan, '/home/me/.pm2', { pmId: 7, restartTime: 4 }, NOW);

describe('what PM2 is asked to prepare', () => {
  it('is the program itself, in our namespace, with the exact environment', () => {
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

  it('brings nothing back by itself: that is our decision alone', () => {
    for (const prepared of [fresh, over]) {
      expect(prepared).toHaveProperty('autorestart', false);
      for (const name of ['max_memory_restart', 'cron_restart', 'cron', 'watch', 'instances', 'filter_env']) {
        expect(prepared).not.toHaveProperty(name);
      }
    }
  });

  it('writes its logs to paths of its own', () => {
    expect(fresh).toMatchObject({
      pm_out_log_path: '/home/me/.pm2/logs/a-out.log',
      pm_err_log_path: '/home/me/.pm2/logs/a-error.log',
      pm_pid_path: '/home/me/.pm2/pids/a.pid',
      merge_logs: true,
    });
  });

  it('without an entry to take over has no number: PM2 gives one', () => {
    for (const name of ['pm_id', 'restart_time', 'created_at']) expect(fresh).not.toHaveProperty(name);
  });

  it('over a stopped entry keeps its number, and carries on its column of restarts', () => {
    expect(over).toMatchObject({
      pm_id: 7,
      restart_time: 5,
      unstable_restarts: 0,
      created_at: NOW,
      pm_pid_path: '/home/me/.pm2/pids/a-7.pid',
    });
  });

  it('takes over the entry 0 like any other', () => {
    expect(preparation(plan, '/p', { pmId: 0, restartTime: 0 }, NOW)).toMatchObject({ pm_id: 0, restart_time: 1 });
  });

  it('has the environment of the plan, and nothing of ours', () => {
    for (const prepared of [fresh, over]) expect(prepared).toHaveProperty('env', { AGENT_ID: 'a', KEY: 'value' });
  });
});
