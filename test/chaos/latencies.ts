import { until } from '../support/until';
import type { World } from './world';

const TIMES = 20;

export interface Medians {
  /** From a hang (SIGSTOP) to a new process, in milliseconds. */
  readonly hangToReplaced: number | null;
  /** From kill -9 to the verified recovery, in milliseconds. */
  readonly killToVerified: number | null;
}

/** Measures the duration of recoveries, one at a time after the faults, on an agent that is checked every second. */
export class Latencies {
  private readonly hang: number[] = [];
  private readonly kill: number[] = [];

  constructor(
    private readonly world: World,
    private readonly times = Number(process.env.CHAOS_LATENCIES ?? '0') || 0,
  ) {}

  async measure(): Promise<void> {
    for (let count = 0; count < Math.min(TIMES, this.times); count += 1) {
      this.hang.push(await this.measureOne('SIGSTOP', false));
      this.kill.push(await this.measureOne('SIGKILL', true));
    }
  }

  medians(): Medians {
    return { hangToReplaced: median(this.hang), killToVerified: median(this.kill) };
  }

  private async measureOne(signal: NodeJS.Signals, isVerified: boolean): Promise<number> {
    const { api } = this.world.service;
    const healthyView = async () => {
      const view = await api.agent('node-1');
      return view.status === 'running' && view.circuit.failureCount === 0 ? view : null;
    };
    const { pid } = await until(healthyView, 'node-1 is healthy', 60_000);
    const began = performance.now();
    process.kill(pid ?? 0, signal);
    await until(
      async () => {
        const view = await api.agent('node-1');
        const isAnother = view.pid !== null && view.pid !== pid;
        return isVerified ? isAnother && view.status === 'running' : isAnother;
      },
      'node-1 has recovered',
      60_000,
    );
    return performance.now() - began;
  }
}

function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted[Math.floor(sorted.length / 2)];
  return middle === undefined ? null : Math.round(middle);
}
