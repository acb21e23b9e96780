'use strict';

/**
 * Runs agent-spawner under PM2 itself: `npm run setup`, then `npx pm2 start ecosystem.config.js`. PM2 restarts it after
 * a crash, but `pm2 kill` stops it. A system unit is therefore recommended (docs/running.md).
 */
module.exports = {
  apps: [
    {
      name: 'agent-spawner',
      namespace: 'agent-spawner',
      script: 'dist/main.js',
      cwd: __dirname,
      exec_mode: 'fork',
      // The exit code if another instance holds the lock or a setting is wrong. A restart would not help.
      stop_exit_codes: [78],
      exp_backoff_restart_delay: 200,
      // Time for pending writes and a last backup.
      kill_timeout: 30_000,
      // Kills the service alone. The agents are children of PM2's daemon and keep running.
      treekill: false,
      wait_ready: false,
      // PM2's instrumentation exits with the daemon, but the service must survive it.
      pmx: false,
      vizion: false,
    },
  ],
};
