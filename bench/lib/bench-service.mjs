// Runs the built service in its own folders for benchmarks. The user's PM2 is not touched.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from '../../scripts/lib/prepare.mjs';

const require = createRequire(import.meta.url);
const TOKEN = 'admin-token-of-the-benchmark';

export class BenchService {
  home = mkdtempSync(path.join(tmpdir(), 'agent-spawner-bench-'));
  pm2Home = path.join(this.home, 'pm2');
  agentsDir = path.join(this.home, 'agents');
  #child = null;
  url = '';

  constructor() {
    for (const folder of [this.pm2Home, this.agentsDir]) mkdirSync(folder);
  }

  /** @returns milliseconds from the start of the process until it prints its address */
  async start(settings = {}) {
    const began = performance.now();
    this.#child = spawn(process.execPath, [path.join(root, 'dist', 'main.js')], {
      cwd: this.home,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...{ PATH: process.env.PATH, HOME: this.home, PORT: '0', LOG_LEVEL: 'error', API_TOKENS: `admin:${TOKEN}` },
        ...{ DATA_DIR: path.join(this.home, 'data'), PM2_HOME: this.pm2Home, AGENTS_DIR: this.agentsDir },
        ...settings,
      },
    });
    let output = '';
    await new Promise((resolve, reject) => {
      this.#child.once('exit', () => reject(new Error(`the service exited during its start: ${output}`)));
      this.#child.stdout.on('data', (chunk) => {
        output += chunk;
        const found = /API\s+(http:\S+)\/api\/agents/.exec(output);
        if (found === null) return;
        this.url = found[1];
        resolve();
      });
    });
    this.#child.removeAllListeners('exit');
    return performance.now() - began;
  }

  get pid() {
    return this.#child.pid;
  }

  get daemonPid() {
    return Number(readFileSync(path.join(this.pm2Home, 'pm2.pid'), 'utf8'));
  }

  async call(method, route, body) {
    const response = await fetch(`${this.url}${route}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** Runs PM2's command line on this home. */
  pm2(...args) {
    return execFileSync(process.execPath, [require.resolve('pm2/bin/pm2'), ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: this.home, PM2_HOME: this.pm2Home, CI: 'true' },
    });
  }

  async stop(signal = 'SIGTERM') {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill(signal);
    await ended;
  }

  /** Kills every process of this home by its pid, and removes the home. */
  async destroy() {
    await this.stop('SIGKILL');
    try {
      const pids = [this.daemonPid];
      for (const { pid } of JSON.parse(
        this.pm2('jlist')
          .split('\n')
          .find((line) => line.startsWith('[')),
      )) {
        if (pid > 0) pids.push(pid);
      }
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    } finally {
      rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
    }
  }
}

/** Returns the resident memory of a process in MB. */
export function memoryMb(pid) {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kb) / 1024;
}

export function median(values) {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
