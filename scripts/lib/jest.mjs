// Runs Jest with the flags that this project needs. PGlite loads itself by import(), which Jest allows only with this
// flag.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root } from './prepare.mjs';

const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

export function runJest(args, { env = {}, quiet = false } = {}) {
  return spawnSync(process.execPath, [path.join(root, 'node_modules', 'jest', 'bin', 'jest.js'), ...args], {
    cwd: root,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, ...env, NODE_OPTIONS: [process.env.NODE_OPTIONS, ...NODE_FLAGS].filter(Boolean).join(' ') },
  });
}
