import path from 'node:path';
import type { LaunchPlan } from '../process-runtime';
import { NAMESPACE } from './pm2-packet';

/** A stopped entry that the new process takes over. */
export interface ReplacedEntry {
  readonly pmId: number;
  readonly restartTime: number;
}

/**
 * What `prepare` takes, built by hand so that no environment of ours travels. With the `pm_id` of a stopped entry PM2 puts
 * the new process in its place, at once and whole (docs/adr/0001): the agent keeps its number and its column of restarts
 * in `pm2 ls`, and there is no moment at which it is not listed.
 *
 * `autorestart` is off and `max_memory_restart`, `cron_restart`, `watch` are never set: they restart by themselves
 * (PM2-FACTS, 10).
 */
export function preparation(plan: LaunchPlan, pm2Home: string, replaced: ReplacedEntry | null, now: number): object {
  const log = (kind: string) => path.join(pm2Home, 'logs', `${plan.agentId}-${kind}.log`);
  return {
    name: plan.agentId,
    namespace: NAMESPACE,
    pm_exec_path: plan.program,
    args: plan.args,
    // Started as the program itself, a node agent does not run in PM2's wrapper.
    exec_interpreter: 'none',
    exec_mode: 'fork_mode',
    pm_cwd: plan.cwd,
    autorestart: false,
    autostart: true,
    treekill: true,
    kill_timeout: plan.killTimeoutMs,
    kill_retry_time: 20,
    pmx: false,
    vizion: false,
    merge_logs: true,
    windowsHide: true,
    pm_out_log_path: log('out'),
    pm_err_log_path: log('error'),
    env: plan.env,
    ...(replaced === null
      ? { pm_pid_path: path.join(pm2Home, 'pids', `${plan.agentId}.pid`) }
      : {
          pm_id: replaced.pmId,
          restart_time: replaced.restartTime + 1,
          unstable_restarts: 0,
          created_at: now,
          pm_pid_path: path.join(pm2Home, 'pids', `${plan.agentId}-${replaced.pmId}.pid`),
        }),
  };
}
