import { FakeClock } from './fake-clock';
import { FakeProcesses, type FakeProcessFacts } from './fake-processes';
import { mintAgentToken } from '../../src/processes/launch/agent-token';
import type { ProcessFacts } from '../../src/processes/process-table/process-inspector';
import type { TerminateOutcome } from '../../src/processes/process-manager';
import type { Mark } from '../../src/processes/process-table/process-tree';
import { Terminator } from '../../src/processes/terminator';

const KEY = Buffer.alloc(32, 7);

export const RUN = '0f8fad5b-d9cb-469f-a165-70867728950e';

export const KILL_TIMEOUT_MS = 10_000;

export const GIVE_UP_MS = 5_000;

type Ends = 'on SIGTERM' | 'on SIGKILL' | 'never';

class CountingProcesses extends FakeProcesses {
  looks = 0;
  tables = 0;
  onLook: () => void = () => undefined;

  override all(): ProcessFacts[] {
    this.tables += 1;
    this.onLook();
    return super.all();
  }

  override environment(pid: number): ReadonlyMap<string, string> | null {
    this.looks += 1;
    return super.environment(pid);
  }
}

/** A machine that only records signals. Its processes exit as the test configures them. */
export class Machine {
  readonly clock = new FakeClock();
  readonly processes = new CountingProcesses();
  readonly sent: string[] = [];
  spared: number[] = [];
  outcome: TerminateOutcome | null = null;
  onSignal: (pid: number, signal: string) => void = () => undefined;
  private readonly ends = new Map<number, Ends>();
  private readonly began = this.clock.now();
  private readonly terminator = new Terminator({
    clock: this.clock,
    inspector: this.processes,
    key: KEY,
    spared: () => this.spared,
    send: (pid, signal) => {
      this.receive(pid, signal);
    },
  });

  add(pid: number, parentPid: number, ends: Ends = 'on SIGTERM', more: Partial<FakeProcessFacts> = {}): this {
    this.processes.add({ pid, parentPid, startTime: pid, sessionId: pid, ...more });
    this.ends.set(pid, ends);
    return this;
  }

  end(
    leader: number | null,
    meant: ((mark: Mark) => boolean) | null = null,
    startTime = leader,
    killTimeoutMs = KILL_TIMEOUT_MS,
  ): void {
    const identity = leader === null ? null : { pid: leader, startTime };
    void this.terminator.terminate(identity, meant, killTimeoutMs).then((outcome) => (this.outcome = outcome));
  }

  /** Terminates a process again that already got SIGTERM. */
  endAgain(leader: number, killTimeoutMs = KILL_TIMEOUT_MS): void {
    this.outcome = null;
    this.end(leader, null, leader, killTimeoutMs);
  }

  signalsTo(pid: number): string[] {
    return this.sent.filter((each) => each.includes(` ${pid} `));
  }

  private receive(pid: number, signal: string): void {
    this.sent.push(`${signal} ${pid} at ${this.clock.now() - this.began}`);
    this.onSignal(pid, signal);
    const ends = this.ends.get(pid);
    if (signal === 'SIGKILL' ? ends !== 'never' : signal === 'SIGTERM' && ends === 'on SIGTERM')
      this.processes.end(pid);
  }
}

export const marked = (agentId: string, runId = RUN) => ({
  environment: { AGENT_TOKEN: mintAgentToken({ agentId, runId }, KEY) },
});

export const isA = ({ agentId }: Mark) => agentId === 'a';
