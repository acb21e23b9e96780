// Measures the start time, cold (new folders, no daemon) and warm, and the memory of the service and the daemon at
// rest.
import { BenchService, median, memoryMb } from './lib/bench-service.mjs';

const ROUNDS = 3;
const SETTLE_MS = 5_000;

export async function run() {
  const cold = [];
  const warm = [];
  let service;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (service !== undefined) await service.destroy();
    service = new BenchService();
    cold.push(await service.start());
    await service.stop();
    warm.push(await service.start());
  }
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rows = [
    ['start, cold (new database, new daemon)', `${Math.round(median(cold))} ms`],
    ['start, warm', `${Math.round(median(warm))} ms`],
    ['cold against warm', `${(median(cold) / median(warm)).toFixed(1)} x`],
    ['memory of the service at rest (RSS)', `${Math.round(memoryMb(service.pid))} MB`],
    ["memory of PM2's daemon at rest (RSS)", `${Math.round(memoryMb(service.daemonPid))} MB`],
  ];
  await service.destroy();
  return { title: 'Start and memory', rows };
}
