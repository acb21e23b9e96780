'use strict';

/**
 * agent-spawner under PM2 itself: `npm run build`, then `npx pm2 start ecosystem.config.js`. It survives its own crashes
 * then; it does not survive `pm2 kill`, which is why a unit of the system is the recommended way (see docs/running.md).
 */
module.exports = {
  apps: [
    {
      name: 'agent-spawner',
      namespace: 'agent-spawner',
      script: 'dist/main.js',
      cwd: __dirname,
      exec_mode: 'fork',
      // It refuses with this code where another one holds the lock or a setting is wrong: a restart would not help.
      stop_exit_codes: [78],
      exp_backoff_restart_delay: 200,
      // It writes what waits, and a last backup.
      kill_timeout: 30_000,
      // The agents are children of PM2's daemon, not of the service: ending the service never touches them.
      treekill: false,
      wait_ready: false,
      // PM2's own instrumentation ends the process as soon as the daemon is gone; the service has to outlive it.
      pmx: false,
      vizion: false,
    },
  ],
};
