import { GIVE_UP_MS, isA, KILL_TIMEOUT_MS, Machine, marked } from '../../test/support/signalled-machine';

let machine: Machine;

beforeEach(() => {
  machine = new Machine();
});

describe('a process that exits on SIGTERM', () => {
  it('gets one SIGTERM and is reported gone', async () => {
    machine.add(10, 2).end(10);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    // It exited on SIGTERM already; only a stopped process would have needed SIGCONT.
    expect(machine.sent).toEqual(['SIGTERM 10 at 0']);
  });

  it('also gets SIGCONT if it is still alive, because a stopped process cannot act on SIGTERM', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(100);
    expect(machine.sent).toEqual(['SIGTERM 10 at 0', 'SIGCONT 10 at 0']);
  });

  it('is reported gone at once if it does not exist', async () => {
    machine.end(10, isA);
    await machine.clock.advance(0);
    expect([machine.outcome, machine.sent]).toEqual([{ kind: 'gone' }, []]);
  });
});

describe('a process that ignores SIGTERM', () => {
  it('gets SIGKILL after the kill timeout, and not before', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS - 1);
    expect(machine.sent.filter((each) => each.startsWith('SIGKILL'))).toEqual([]);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    const killed = machine.sent.filter((each) => each.startsWith('SIGKILL'));
    expect(killed).toHaveLength(1);
    expect(Number(killed[0]?.split(' at ')[1])).toBeLessThan(KILL_TIMEOUT_MS + 20);
  });

  it('is reported alive by its pid five seconds after SIGKILL', async () => {
    machine.add(10, 2, 'never').add(11, 10, 'on SIGKILL').end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + GIVE_UP_MS - 100);
    expect(machine.outcome).toBeNull();
    await machine.clock.advance(200);
    expect(machine.outcome).toEqual({ kind: 'alive', pids: [10] });
  });

  it('is reported alive if it may not be signalled, while the others still get their signals', async () => {
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

describe('a process that survived an earlier attempt', () => {
  it('gets no second SIGTERM: the next attempt kills it at once, and reports it alive if that fails', async () => {
    machine.add(10, 2, 'never').end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + GIVE_UP_MS + 100);
    machine.sent.length = 0;
    machine.endAgain(10);
    await machine.clock.advance(1);
    expect(machine.sent.map((each) => each.split(' ')[0])).toEqual(['SIGKILL']);
    await machine.clock.advance(GIVE_UP_MS + 100);
    expect(machine.outcome).toEqual({ kind: 'alive', pids: [10] });
    expect(machine.sent.filter((each) => each.startsWith('SIGTERM'))).toEqual([]);
  });

  it('gets no second SIGTERM from an attempt that runs at the same time', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(1_000);
    machine.endAgain(10);
    await machine.clock.advance(KILL_TIMEOUT_MS);
    expect(machine.outcome).toEqual({ kind: 'gone' });
    expect(machine.sent.filter((each) => each.startsWith('SIGTERM'))).toEqual(['SIGTERM 10 at 0']);
  });

  it('is killed at once if the next attempt has a kill timeout that is already over', async () => {
    machine.add(10, 2, 'on SIGKILL').end(10);
    await machine.clock.advance(1_500);
    machine.endAgain(10, 1_000);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
  });

  it('is forgotten once it has exited, so the next process with its pid gets SIGTERM first', async () => {
    machine.add(10, 2).end(10);
    await machine.clock.advance(100);
    machine.add(10, 2, 'on SIGTERM', { startTime: 77 });
    machine.sent.length = 0;
    machine.end(10, null, 77);
    await machine.clock.advance(100);
    expect([machine.outcome, machine.sent.length]).toEqual([{ kind: 'gone' }, 1]);
  });
});

describe('an attempt', () => {
  it('ends even if the tree grows forever, and reports the live processes', async () => {
    let pid = 100;
    machine.add(10, 2, 'never');
    machine.processes.onLook = () => {
      machine.add(++pid, 10, 'never');
    };
    machine.end(10);
    await machine.clock.advance(KILL_TIMEOUT_MS + GIVE_UP_MS + 100);
    expect(machine.outcome).toMatchObject({ kind: 'alive', pids: expect.arrayContaining([10, 101]) as number[] });
  });

  it('reports gone if the last process exits at the last moment', async () => {
    machine.add(10, 2, 'never', marked('a')).end(10, isA);
    await machine.clock.advance(KILL_TIMEOUT_MS + GIVE_UP_MS - 5);
    machine.processes.end(10);
    await machine.clock.advance(100);
    expect(machine.outcome).toEqual({ kind: 'gone' });
  });
});
