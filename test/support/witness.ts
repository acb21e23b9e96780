import { inspect } from 'node:util';
import { LinuxProcessInspector } from '../../src/processes';
import type { TestHome } from './pm2-home';
import type { TestService } from './service';

const inspector = new LinuxProcessInspector();
const LOOK_MS = 100;
/** Maximum time of a read under any fault. It is generous, because the machine is shared. */
const ANSWER_MS = 20_000;

/** Returns the live leaders of every agent of a home from the process table, independent of the API. */
export function livingAgents(home: Pick<TestHome, 'pm2Home'>): Map<string, number[]> {
  const living = new Map<string, number[]>();
  for (const { pid, sessionId } of inspector.all()) {
    if (sessionId !== pid) continue;
    const environment = inspector.environment(pid);
    const agentId = environment?.get('AGENT_ID');
    if (agentId === undefined || environment?.get('pm_out_log_path')?.startsWith(home.pm2Home) !== true) continue;
    living.set(agentId, [...(living.get(agentId) ?? []), pid]);
  }
  return living;
}

/** Watches continuously beside the test. */
export interface Witness {
  /** Agents that had two live processes at one moment. */
  readonly doubles: string[];
  /** Reads that failed or timed out. */
  readonly failedReads: string[];
  /** Numbers of looks and reads. */
  readonly counts: { looks: number; reads: number };
  stop(): Promise<void>;
}

/** Scans the process table and reads the API repeatedly until it is stopped. */
export function witness(service: TestService): Witness {
  const doubles: string[] = [];
  const failedReads: string[] = [];
  const counts = { looks: 0, reads: 0 };
  const until = { stopped: false };
  const look = () => {
    counts.looks += 1;
    for (const [agentId, pids] of livingAgents(service.home)) {
      if (pids.length > 1) doubles.push(`${agentId}: ${pids.join(', ')}`);
    }
  };
  const timer = setInterval(look, LOOK_MS);
  const reading = (async () => {
    while (!until.stopped) {
      counts.reads += 1;
      for (const path of ['/api/agents', '/health/live']) {
        try {
          const response = await fetch(`${service.url}${path}`, {
            headers: service.readHeaders,
            signal: AbortSignal.timeout(ANSWER_MS),
          });
          await response.text();
          if (response.status !== 200) failedReads.push(`${path}: ${response.status}`);
        } catch (error) {
          failedReads.push(`${path}: ${inspect(error)}`);
        }
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  })();
  return {
    doubles,
    failedReads,
    counts,
    stop: async () => {
      until.stopped = true;
      clearInterval(timer);
      await reading;
    },
  };
}
