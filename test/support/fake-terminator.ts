import type { Clock } from '../../src/kernel';
import type { TerminateOutcome } from '../../src/processes';
import type { FakeProcess } from './fake-process';
import type { FakeWorld } from './fake-world';

/** Time that a process may take after SIGKILL, as in the real terminator. */
const GIVE_UP_MS = 5_000;
const UNKILLABLE_POLL_MS = 250;

/** Processes to kill. */
export interface KillOrder {
  readonly agentId: string;
  /** Kills of one lane must not overlap. */
  readonly lane: string;
  readonly matches: (process: FakeProcess) => boolean;
  readonly killTimeoutMs: number;
}

/** Kills processes of a fake world with SIGTERM, then SIGKILL. Repeats until none is left or the time limit is over. */
export class FakeTerminator {
  /** Called before each process is killed, so that tests can check if it was necessary. */
  onKill: (process: FakeProcess) => void = () => undefined;
  /** Called when a kill begins while an earlier one in its lane still runs. */
  onSecondKill: (agentId: string) => void = () => undefined;
  private readonly running = new Map<string, number>();
  private closed = false;

  constructor(
    private readonly world: FakeWorld,
    private readonly clock: Clock,
  ) {}

  async kill(order: KillOrder): Promise<TerminateOutcome> {
    const { agentId, lane } = order;
    const running = this.running.get(lane) ?? 0;
    if (running > 0) this.onSecondKill(agentId);
    this.running.set(lane, running + 1);
    const outcome = await this.killAll(order, this.clock.now());
    this.running.set(lane, (this.running.get(lane) ?? 1) - 1);
    return outcome;
  }

  close(): void {
    this.closed = true;
  }

  private async killAll(order: KillOrder, beganAt: number): Promise<TerminateOutcome> {
    const { matches, killTimeoutMs } = order;
    await this.wait(this.world.serviceMs());
    const found = [...this.world.processes.values()].filter(matches);
    if (found.length === 0 || this.closed) return { kind: 'gone' };
    if (this.clock.now() - beganAt >= killTimeoutMs + GIVE_UP_MS)
      return { kind: 'alive', pids: found.map(({ pid }) => pid) };
    const isStubborn = found.some((process) => process.program.endsWith('/stubborn'));
    await this.wait(isStubborn ? killTimeoutMs : this.world.serviceMs());
    for (const process of found) this.killOne(process, isStubborn ? 'SIGKILL' : 'SIGTERM');
    await this.wait(found.some((process) => this.world.isUnkillable(process)) ? UNKILLABLE_POLL_MS : 1);
    return this.killAll(order, beganAt);
  }

  private killOne(process: FakeProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.closed || !this.world.processes.has(process.pid) || this.world.isUnkillable(process)) return;
    this.onKill(process);
    this.world.crash(process.pid, { exitCode: 0, signal }, 'ours');
  }

  private wait(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.after(milliseconds, resolve);
    });
  }
}
