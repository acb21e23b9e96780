// Runs a built program in the foreground, and ends as it ends.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { root } from './prepare.mjs';

export function runBuilt(file, args = []) {
  const child = spawn(process.execPath, ['--enable-source-maps', path.join(root, 'dist', file), ...args], {
    stdio: 'inherit',
  });
  // Ctrl-C in a terminal reaches the child by itself, as it does every process of the terminal's group; a signal that was
  // sent to us alone does not. The child takes either once.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
}
