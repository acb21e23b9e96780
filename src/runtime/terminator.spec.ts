import { FakeClock } from '../../test/support/fake-clock';
import { FakeProcesses, type FakeProcessFacts } from '../../test/support/fake-processes';
import { mintAgentToken } from './agent-token';
import type { ProcessFacts } from './process-inspector';
import type { TerminateOutcome } from './process-runtime';
import type { Mark } from './process-tree';
import { Terminator } from './terminator';

const KEY = Buffer.alloc(32, 7);
const RUN = '0f8fad5b-d9cb-469f-a165-70867728950e';
const KILL_TIMEOUT_MS = 10_000;
const GIVE_UP_MS = 5_000;

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

/** A machine on which signals are only noted, and processes end as they are told to. */
class Machine {
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

  end(leader: number | null, meant: ((mark: Mark) => boolean) | null = null, startTime = leader): void {
    const identity = leader === null ? null : { pid: leader, startTime };
    void this.terminator.end(identity, meant, KILL_TIMEOUT_MS).then((outcome) => (this.outcome = outcome));
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

const marked = (agentId: string, runId = RUN) => ({
  environment: { AGENT_TOKEN: mintAgentToken({ agentId, runId }, KEY) },
});
const isA = ({ agentId }: Mark) => agentId === 'a';

let machine: Machine;
beforeEach(() => {
  machine = new Machine();
});

describe('a process that ends when it is asked to', () => {
  it('is asked once, woken so that it can act on it, and gone', async () => {
    machine.add(10, 2).end(10);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    // It ended by the first already; a stopped one would have needed the second.
    expect(machine.sent).toEqual(['SIGTERM 10 at 0']);
  });

  it('is woken where it was stopped', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(100);
    expect(machine.sent).toEqual(['SIGTERM 10 at 0', 'SIGCONT 10 at 0']);
  });

  it('is gone at once where there is none', async () => {
    machine.end(10, isA);
    await machine.clock.advance(0);
    expect([machine.outcome, machine.sent]).toEqual([{ kind: 'gone' }, []]);
  });
});

describe('a process that does not', () => {
  it('is killed when its time is up, and not before', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS - 1);
    expect(machine.sent.filter((each) => each.startsWith('SIGKILL'))).toEqual([]);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    const killed = machine.sent.filter((each) => each.startsWith('SIGKILL'));
    expect(killed).toHaveLength(1);
    expect(Number(killed[0]?.split(' at ')[1])).toBeLessThan(KILL_TIMEOUT_MS + 20);
  });

  it('is given up a while after that, by its pid', async () => {
    machine.add(10, 2, 'never').add(11, 10, 'on SIGKILL').end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + GIVE_UP_MS - 100);
    expect(machine.outcome).toBeNull();
    await machine.clock.advance(200);
    expect(machine.outcome).toEqual({ kind: 'alive', pids: [10] });
  });

  it('is given up where we may not signal it, and the others are signalled all the same', async () => {
    machine.add(10, 2, 'never').add(11, 10);
    machine.onSignal = (pid) => {
      if (pid === 10) throw Object.assign(new Error('not ours'), { code: 'EPERM' });
    };
    machine.end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + GIVE_UP_MS + 100);
    expect(machine.outcome).toEqual({ kind: 'alive', pids: [10] });
    expect(machine.signalsTo(11)).toEqual(['SIGTERM 11 at 0']);
  });
});

describe('the whole tree', () => {
  it('is ended with it, however deep, and in whatever session', async () => {
    machine.add(10, 2).add(11, 10, 'on SIGTERM', { sessionId: 10 }).add(12, 11, 'on SIGKILL').add(20, 2);
    machine.end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + 100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.processes.all().map(({ pid }) => pid)).toEqual([20]);
    expect(machine.signalsTo(20)).toEqual([]);
  });

  it('is ended to the last, after its leader has gone and it has no parent any more', async () => {
    machine.add(10, 2).add(11, 10, 'on SIGKILL').end(10);
    await machine.clock.advance(100);
    expect(machine.processes.facts(11)?.parentPid).toBe(1);
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect([machine.outcome, machine.processes.all()]).toEqual([{ kind: 'gone' }, []]);
  });

  it('is asked anew where it grows while it ends', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(1_000);
    machine.add(11, 10);
    await machine.clock.advance(100);
    expect(machine.signalsTo(11).map((each) => each.split(' ')[0])).toEqual(['SIGTERM']);
    expect(machine.signalsTo(10)).toHaveLength(2);
  });
});

describe('the mark', () => {
  it('finds what left the tree and its session before anybody looked', async () => {
    machine.add(12, 1, 'on SIGTERM', marked('a')).add(13, 12).end(null, isA);
    await machine.clock.advance(100);
    expect([machine.outcome, machine.processes.all()]).toEqual([{ kind: 'gone' }, []]);
  });

  it('finds what leaves the tree in the very moment of its end', async () => {
    machine.add(10, 2, 'on SIGTERM', marked('a'));
    machine.onSignal = (pid) => {
      if (pid === 10) machine.add(14, 1, 'on SIGTERM', marked('a'));
    };
    machine.end(10, isA);
    await machine.clock.advance(1_000);
    expect([machine.outcome, machine.processes.all()]).toEqual([{ kind: 'gone' }, []]);
  });

  it('leaves others alone: other agents, other runs, what only says that it is one', async () => {
    const otherRun = '0f8fad5b-d9cb-469f-a165-70867728950f';
    machine.add(10, 2, 'on SIGTERM', marked('a')).add(20, 2, 'on SIGTERM', marked('b'));
    machine.add(21, 2, 'on SIGTERM', marked('a', otherRun));
    machine.add(22, 2, 'on SIGTERM', { environment: { AGENT_ID: 'a', AGENT_RUN_ID: RUN } });
    machine.end(null, ({ agentId, runId }) => agentId === 'a' && runId === RUN);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.processes.all().map(({ pid }) => pid)).toEqual([20, 21, 22]);
  });

  it('is not looked for where only one process is meant', async () => {
    machine.add(10, 2, 'on SIGTERM', marked('a')).add(11, 1, 'on SIGTERM', marked('a')).end(10);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.processes.all().map(({ pid }) => pid)).toEqual([11]);
  });

  it('is looked for a few times a second, since that reads the environment of every process', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10, isA);
    await machine.clock.advance(3_000);
    expect(machine.processes.looks).toBeGreaterThanOrEqual(9);
    expect(machine.processes.looks).toBeLessThanOrEqual(12);
  });
});

describe('a process table that is slow to read', () => {
  it('is read no more often than that it leaves twice as much time to everything else', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(3_000);
    const quick = machine.processes.tables;
    machine.processes.tables = 0;
    machine.processes.onLook = () => {
      machine.clock.freezeFor(50);
    };
    await machine.clock.advance(3_000);
    expect(quick).toBeGreaterThan(150);
    expect(machine.processes.tables).toBeGreaterThanOrEqual(19);
    expect(machine.processes.tables).toBeLessThanOrEqual(21);
  });

  it('that cannot be read for one process leaves that one alone, and signals the others', async () => {
    machine.add(10, 2).add(11, 10);
    const isAlive = machine.processes.isAlive.bind(machine.processes);
    machine.processes.isAlive = (identity) => {
      if (identity.pid === 10) throw new Error('ps timed out');
      return isAlive(identity);
    };
    machine.end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + GIVE_UP_MS + 100);
    expect(machine.outcome).toEqual({ kind: 'alive', pids: [10] });
    expect([machine.signalsTo(10), machine.signalsTo(11)]).toEqual([[], ['SIGTERM 11 at 0']]);
  });
});

describe('a pid that was given to another process', () => {
  it('is never signalled where it was given away before', async () => {
    machine.add(10, 2).end(10, null, 9);
    await machine.clock.advance(KILL_TIMEOUT_MS + 100);
    expect([machine.outcome, machine.sent]).toEqual([{ kind: 'gone' }, []]);
  });

  it('is never signalled where it is given away between our look and our signal', async () => {
    machine.add(10, 2).add(11, 10);
    machine.onSignal = (pid) => {
      if (pid === 10) machine.add(11, 2, 'on SIGTERM', { startTime: 77 });
    };
    machine.end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + 100);
    expect([machine.outcome, machine.signalsTo(11)]).toEqual([{ kind: 'gone' }, []]);
    expect(machine.processes.facts(11)?.startTime).toBe(77);
  });

  it('is never killed where it is given away while we wait', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10, isA);
    await machine.clock.advance(5_000);
    machine.add(10, 2, 'on SIGTERM', { startTime: 77 });
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.signalsTo(10)).toHaveLength(2);
  });
});

describe('who is spared', () => {
  it('is never signalled, be it in the tree or marked: we ourselves, the daemon, the first process', async () => {
    machine.spared = [50, 51];
    machine.add(10, 2).add(50, 10, 'on SIGTERM', marked('a')).add(51, 2, 'on SIGTERM', marked('a'));
    machine.add(1, 0, 'on SIGTERM', marked('a'));
    machine.end(10, isA);
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.sent).toEqual(['SIGTERM 10 at 0']);
  });

  it('spares the other agents below a daemon that one of them started, and that hence carries its mark', async () => {
    machine.spared = [50];
    machine.add(10, 50, 'on SIGTERM', marked('a')).add(50, 1, 'on SIGTERM', marked('a'));
    machine.add(20, 50, 'on SIGTERM', marked('b'));
    machine.end(10, isA);
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect(machine.signalsTo(20)).toEqual([]);
  });
});
