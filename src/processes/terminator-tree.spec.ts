import { GIVE_UP_MS, isA, KILL_TIMEOUT_MS, Machine, marked, RUN } from '../../test/support/signalled-machine';

let machine: Machine;

beforeEach(() => {
  machine = new Machine();
});

describe('the process tree', () => {
  it('is terminated with its leader, at any depth and in any session', async () => {
    machine.add(10, 2).add(11, 10, 'on SIGTERM', { sessionId: 10 }).add(12, 11, 'on SIGKILL').add(20, 2);
    machine.end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + 100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.processes.all().map(({ pid }) => pid)).toEqual([20]);
    expect(machine.signalsTo(20)).toEqual([]);
  });

  it('is terminated completely after its leader exited and its members lost their parent', async () => {
    machine.add(10, 2).add(11, 10, 'on SIGKILL').end(10);
    await machine.clock.advance(100);
    expect(machine.processes.facts(11)?.parentPid).toBe(1);
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect([machine.outcome, machine.processes.all()]).toEqual([{ kind: 'gone' }, []]);
  });

  it('gets SIGTERM for members that appear during the attempt', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(1_000);
    machine.add(11, 10);
    await machine.clock.advance(100);
    expect(machine.signalsTo(11).map((each) => each.split(' ')[0])).toEqual(['SIGTERM']);
    expect(machine.signalsTo(10)).toHaveLength(2);
  });
});

describe('the mark', () => {
  it('finds processes that left the tree and its session before the first scan', async () => {
    machine.add(12, 1, 'on SIGTERM', marked('a')).add(13, 12).end(null, isA);
    await machine.clock.advance(100);
    expect([machine.outcome, machine.processes.all()]).toEqual([{ kind: 'gone' }, []]);
  });

  it('finds processes that leave the tree at the moment their leader exits', async () => {
    machine.add(10, 2, 'on SIGTERM', marked('a'));
    machine.onSignal = (pid) => {
      if (pid === 10) machine.add(14, 1, 'on SIGTERM', marked('a'));
    };
    machine.end(10, isA);
    await machine.clock.advance(1_000);
    expect([machine.outcome, machine.processes.all()]).toEqual([{ kind: 'gone' }, []]);
  });

  it('spares other agents, other runs, and processes that only claim an agent ID', async () => {
    const otherRun = '0f8fad5b-d9cb-469f-a165-70867728950f';
    machine.add(10, 2, 'on SIGTERM', marked('a')).add(20, 2, 'on SIGTERM', marked('b'));
    machine.add(21, 2, 'on SIGTERM', marked('a', otherRun));
    machine.add(22, 2, 'on SIGTERM', { environment: { AGENT_ID: 'a', AGENT_RUN_ID: RUN } });
    machine.end(null, ({ agentId, runId }) => agentId === 'a' && runId === RUN);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.processes.all().map(({ pid }) => pid)).toEqual([20, 21, 22]);
  });

  it('is not searched for if only one process is to be terminated', async () => {
    machine.add(10, 2, 'on SIGTERM', marked('a')).add(11, 1, 'on SIGTERM', marked('a')).end(10);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.processes.all().map(({ pid }) => pid)).toEqual([11]);
  });

  it('is searched for a few times a second, because a search reads every environment', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10, isA);
    await machine.clock.advance(3_000);
    expect(machine.processes.looks).toBeGreaterThanOrEqual(9);
    expect(machine.processes.looks).toBeLessThanOrEqual(12);
  });
});

describe('a process table that is slow to read', () => {
  it('is followed by a pause of twice the time that the scan took', async () => {
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

  it('spares a process that cannot be verified, and signals the others', async () => {
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

describe('a reused pid', () => {
  it('is never signalled if it was reused before the attempt', async () => {
    machine.add(10, 2).end(10, null, 9);
    await machine.clock.advance(KILL_TIMEOUT_MS + 100);
    expect([machine.outcome, machine.sent]).toEqual([{ kind: 'gone' }, []]);
  });

  it('is never signalled if it is reused between the scan and the signal', async () => {
    machine.add(10, 2).add(11, 10);
    machine.onSignal = (pid) => {
      if (pid === 10) machine.add(11, 2, 'on SIGTERM', { startTime: 77 });
    };
    machine.end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + 100);
    expect([machine.outcome, machine.signalsTo(11)]).toEqual([{ kind: 'gone' }, []]);
    expect(machine.processes.facts(11)?.startTime).toBe(77);
  });

  it('is never killed if it is reused during the kill timeout', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10, isA);
    await machine.clock.advance(5_000);
    machine.add(10, 2, 'on SIGTERM', { startTime: 77 });
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.signalsTo(10)).toHaveLength(2);
  });
});

describe('a spared process', () => {
  it('is never signalled, even in the tree or with a mark: the supervisor, the daemon, pid 1', async () => {
    machine.spared = [50, 51];
    machine.add(10, 2).add(50, 10, 'on SIGTERM', marked('a')).add(51, 2, 'on SIGTERM', marked('a'));
    machine.add(1, 0, 'on SIGTERM', marked('a'));
    machine.end(10, isA);
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.sent).toEqual(['SIGTERM 10 at 0']);
  });

  it('protects the other agents below a daemon that carries the mark of the agent which started it', async () => {
    machine.spared = [50];
    machine.add(10, 50, 'on SIGTERM', marked('a')).add(50, 1, 'on SIGTERM', marked('a'));
    machine.add(20, 50, 'on SIGTERM', marked('b'));
    machine.end(10, isA);
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect(machine.signalsTo(20)).toEqual([]);
  });
});
