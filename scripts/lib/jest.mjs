// Runs Jest with the flags that this project needs. PGlite loads itself by import(), which Jest allows only with this
// flag.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './prepare.mjs';

const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** Returns the arguments of node and the environment that run Jest. */
export function jestCommand(args, env = {}) {
  return {
    args: [path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'), ...args],
    env: { ...process.env, ...env, NODE_OPTIONS: [process.env.NODE_OPTIONS, ...NODE_FLAGS].filter(Boolean).join(' ') },
  };
}

/** Runs Jest in the foreground, with the terminal of the caller. */
export function runJest(args, { env = {} } = {}) {
  const command = jestCommand(args, env);
  return spawnSync(process.execPath, command.args, { cwd: root, stdio: 'inherit', env: command.env });
}
