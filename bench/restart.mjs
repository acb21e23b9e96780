// Measures the time from kill -9 to the replacement's first sign of life: the supervisor against PM2's autorestart, on
// one daemon, in alternating rounds.
import { mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BenchService, median } from './lib/bench-service.mjs';

const ROUNDS = 15;
/**
 * Time for which a process lives before it is killed. PM2 considers an app stable after one second, and the
 * supervisor's STABLE_SECONDS must have passed too.
 */
const LIVE_MS = 1_600;

const PROGRAMS = {
  // Measures up to the first instruction, a line of shell.
  sh: ['agent.sh', '#!/bin/sh\necho $$ > "$1"\nexec sleep 3600\n'],
  // Measures up to listening, when an agent becomes useful.
  node: [
    'agent.js',
    "const server = require('node:http').createServer().listen(0, '127.0.0.1', () => require('node:fs').writeFileSync(process.argv[2], String(process.pid)));\n",
  ],
};

export async function run() {
  const service = new BenchService();
  await service.start({ VERIFY_SECONDS: '0.2', STABLE_SECONDS: '0.2', HEALING_INTERVAL_SECONDS: '5' });
  const rows = [];
  try {
    for (const [kind, [file, content]] of Object.entries(PROGRAMS)) {
      writeFileSync(path.join(service.agentsDir, file), content, { mode: 0o755 });
      const ours = await ourSide(service, kind, file);
      const peer = await peerSide(service, kind, file);
      const times = { ours: [], peer: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        times.ours.push(await ours.killed());
        times.peer.push(await peer.killed());
      }
      const [mine, theirs] = [median(times.ours), median(times.peer)];
      const what = kind === 'node' ? 'to listening, Node' : 'to the first instruction, sh';
      rows.push([`kill -9 ${what}: ours`, `${mine.toFixed(1)} ms`]);
      rows.push([`kill -9 ${what}: PM2's autorestart`, `${theirs.toFixed(1)} ms`]);
      rows.push([`ours against PM2's`, `${(mine / theirs).toFixed(2)} x`]);
    }
  } finally {
    await service.destroy();
  }
  return { title: `kill -9 to the replacement (median of ${ROUNDS}, alternating rounds on one daemon)`, rows };
}

async function ourSide(service, kind, file) {
  const sign = signOf(service, `ours-${kind}`);
  const agentId = `bench-${kind}`;
  await service.call('POST', '/api/agents', { agentId, name: agentId, entryPoint: file, args: [sign.file] });
  const began = sign.next();
  await service.call('POST', `/api/agents/${agentId}/spawn`);
  await began;
  return side(sign);
}

async function peerSide(service, kind, file) {
  const sign = signOf(service, `peer-${kind}`);
  const began = sign.next();
  const script = path.join(service.agentsDir, file);
  const interpreter = kind === 'sh' ? ['--interpreter', 'none'] : [];
  service.pm2('start', script, '--name', `peer-${kind}`, ...interpreter, '--', sign.file);
  await began;
  return side(sign);
}

function side(sign) {
  return {
    killed: async () => {
      await new Promise((resolve) => setTimeout(resolve, LIVE_MS));
      const next = sign.next();
      const began = performance.now();
      process.kill(sign.pid(), 'SIGKILL');
      return (await next) - began;
    },
  };
}

/** Creates a file that a process writes its pid into as its first sign of life. */
function signOf(service, name) {
  const folder = path.join(service.home, name);
  mkdirSync(folder);
  const file = path.join(folder, 'pid');
  return {
    file,
    pid: () => Number(readFileSync(file, 'utf8')),
    next: () =>
      new Promise((resolve) => {
        const watcher = watch(folder, () => {
          const at = performance.now();
          if (readFileSync(file, 'utf8').trim() === '') return; // opened, but not written yet
          watcher.close();
          resolve(at);
        });
      }),
  };
}
