import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { treeMemory } from '../../../src/health/tree-memory';
import { createProcessInspector, type ProcessFacts } from '../../../src/processes';
import { until } from '../../support/until';

const MEGABYTE = 1_048_576;
const inspector = createProcessInspector();

/** Starts a leader of a few megabytes, whose grandchild takes eighty. */
const GRANDCHILD = `
import os, time
if os.fork() == 0:
    if os.fork() == 0:
        eaten = b"x" * (80 * 1024 * 1024)
    time.sleep(3600)
time.sleep(3600)
`;
/** Starts four children that share eighty megabytes with their parent, because they only read them. */
const SHARED = `
import os, time
data = bytearray(os.urandom(1024) * 1024 * 80)
for _ in range(4):
    if os.fork() == 0:
        break
time.sleep(3600)
`;

let leader: ChildProcess;
const pid = () => leader.pid ?? 0;

async function run(program: string): Promise<ProcessFacts> {
  leader = spawn('python3', ['-c', program], { detached: true, stdio: 'ignore' });
  return until(() => inspector.facts(pid()), 'the process runs');
}
afterEach(() => {
  process.kill(-pid(), 'SIGKILL');
});

const memoryOf = (process: ProcessFacts, limitBytes: number) =>
  treeMemory(process, inspector.all(), inspector, limitBytes) ?? 0;

describe('the memory of a process tree', () => {
  it('includes all descendants', async () => {
    const process = await run(GRANDCHILD);
    await until(() => memoryOf(process, MEGABYTE) > 85 * MEGABYTE, 'the grandchild has taken its memory');
    expect(inspector.residentBytes(process.pid)).toBeLessThan(60 * MEGABYTE);
    expect(treeMemory({ ...process, startTime: 1 }, inspector.all(), inspector, MEGABYTE)).toBeNull();
    expect(inspector.residentBytes(2 ** 22 + 1)).toBeNull();
    expect(inspector.proportionalBytes(2 ** 22 + 1)).toBeNull();
  });

  it('counts shared memory once if the system reports it', async () => {
    const process = await run(SHARED);
    // Below the limit, the sum of the resident memory is returned.
    const resident = () => memoryOf(process, Number.MAX_SAFE_INTEGER);
    await until(() => resident() > 400 * MEGABYTE, 'all five processes have the data');
    const shared = memoryOf(process, MEGABYTE);
    if (reportsShares()) {
      expect(shared).toBeGreaterThan(80 * MEGABYTE);
      expect(shared).toBeLessThan(160 * MEGABYTE);
    } else {
      expect(shared).toBeGreaterThan(400 * MEGABYTE);
    }
  });
});

function reportsShares(): boolean {
  try {
    return readFileSync('/proc/self/smaps_rollup', 'utf8').includes('Pss:');
  } catch {
    return false; // macOS, or a kernel without smaps_rollup
  }
}
