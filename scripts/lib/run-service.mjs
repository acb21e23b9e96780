// Runs a built program in the foreground, and exits as it exits.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from './prepare.mjs';

export function runBuilt(file, args = []) {
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(root, 'dist', file), ...args], {
    stdio: 'inherit',
  });
  // Ctrl-C in a terminal reaches the child directly, because it signals the whole process group. A signal that was sent
  // only to this process does not. The child handles a repeated signal as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => {
    // Node aborts in `process.exit` if the terminal is gone.
    if (signal === 'SIGHUP') {
      process.removeAllListeners('SIGHUP');
      process.kill(process.pid, 'SIGHUP');
    } else process.exit(signal === null ? (code ?? 1) : 1);
  });
}
