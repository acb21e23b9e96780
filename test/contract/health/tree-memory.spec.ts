import { spawn } from 'node:child_process';
import { treeMemory } from '../../../src/health/tree-memory';
import { inspectorForThisMachine } from '../../../src/runtime';
import { until } from '../../support/until';

const MEGABYTE = 1_048_576;
/** A leader of few megabytes, whose grandchild takes eighty. */
const PROGRAM = `
import os, time
if os.fork() == 0:
    if os.fork() == 0:
        eaten = b"x" * (80 * 1024 * 1024)
    time.sleep(3600)
time.sleep(3600)
`;

it('the memory of an agent is that of its whole tree', async () => {
  const inspector = inspectorForThisMachine();
  const leader = spawn('python3', ['-c', PROGRAM], { detached: true, stdio: 'ignore' });
  try {
    const process = await until(() => inspector.facts(leader.pid ?? 0), 'it runs');
    await until(() => (treeMemory(process, inspector.all(), inspector) ?? 0) > 85 * MEGABYTE, 'its tree has grown');
    expect(inspector.residentBytes(process.pid)).toBeLessThan(60 * MEGABYTE);
    expect(treeMemory({ ...process, startTime: 1 }, inspector.all(), inspector)).toBeNull();
  } finally {
    process.kill(-(leader.pid ?? 0), 'SIGKILL');
  }
  expect(inspector.residentBytes(2 ** 22 + 1)).toBeNull();
});
