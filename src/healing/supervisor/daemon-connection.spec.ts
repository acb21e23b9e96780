import { makeConnection, refusing } from '../../../test/support/daemon-connections';

describe('an outage', () => {
  it('is logged once per reason even if reasons alternate, and its end is logged', async () => {
    const made = makeConnection();
    made.world.startDaemon();
    await made.connected();
    const { connect } = made.runtime;
    let attempt = 0;
    made.runtime.connect = () => {
      attempt += 1;
      return Promise.reject(new Error(attempt % 2 === 0 ? `daemon ${attempt} is foreign` : `silent for ${attempt} ms`));
    };
    made.connection.onLost('gone');
    await made.clock.advance(60_000);
    expect(attempt).toBeGreaterThan(20);
    expect(made.warned).toEqual([{ error: 'silent for 1 ms' }, { error: 'daemon 2 is foreign' }]);
    expect(made.informed).toEqual([]);
    made.runtime.connect = connect;
    await made.clock.advance(3_000);
    expect(made.informed).toEqual(['process manager reached again']);
  });
});

describe('the first connection', () => {
  it('connects to a running daemon', async () => {
    const { clock, world, connection, reports, starts } = makeConnection();
    world.startDaemon();
    expect(connection.lastError).not.toBeNull();
    void connection.start();
    await clock.advance(1_000);
    expect([reports, starts, connection.lastError]).toEqual([['connected for the first time'], [0], null]);
  });

  it('starts a daemon if none runs', async () => {
    const { clock, world, connection, reports, starts } = makeConnection();
    void connection.start();
    await clock.advance(1_000);
    expect([reports, starts.length, world.daemon !== null]).toEqual([['connected for the first time'], 1, true]);
  });

  it('is retried with a back-off of up to two seconds, and its reason is logged once', async () => {
    const made = makeConnection();
    const attempts = refusing(made);
    await made.connection.start();
    await made.clock.advance(10_000);
    expect(attempts.map(({ at }) => at)).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_100, 7_100, 9_100]);
    expect(attempts.every(({ mayStart }) => mayStart)).toBe(true);
    expect(made.connection.lastError).toBe('no daemon answers');
    expect(made.warned).toEqual([{ error: 'no daemon answers' }]);
  });
});

describe('a daemon that dies', () => {
  it('is started again at once, and its loss is reported', async () => {
    const { clock, world, connection, reports, starts, connected } = makeConnection();
    await connected();
    world.killDaemon();
    expect(connection.lastError).toBe('the daemon is gone');
    await clock.advance(300);
    expect(reports).toEqual(['lost: the daemon is gone', 'connected again']);
    expect([starts.length, connection.lastError]).toEqual([1, null]);
  });

  it('is looked for by one attempt at a time, however often it is reported lost', async () => {
    const made = makeConnection();
    await made.connected();
    const attempts = refusing(made);
    made.connection.onLost('once');
    made.connection.onLost('twice');
    await made.clock.advance(300);
    expect(attempts.map(({ at }) => at)).toEqual([0, 100, 300]);
  });

  it('is retried quickly at its next loss, after many failed attempts', async () => {
    const made = makeConnection();
    await made.connected();
    const connect = made.runtime.connect.bind(made.runtime);
    refusing(made);
    made.world.killDaemon();
    await made.clock.advance(20_000);
    made.runtime.connect = connect;
    await made.clock.advance(3_000);
    expect(made.runtime.isConnected()).toBe(true);
    const attempts = refusing(made);
    made.world.killDaemon();
    await made.clock.advance(300);
    expect(attempts.map(({ at }) => at)).toEqual([0, 100, 300]);
  });
});
