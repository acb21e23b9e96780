import { makeConnection, refusing } from '../../../test/support/daemon-connections';
import { DAEMON_UPDATE_MS } from '../machine';

describe('a daemon that the operator kills', () => {
  it('is not started again by the supervisor, however long it is away', async () => {
    const { clock, world, starts, connection, connected } = makeConnection();
    await connected();
    world.shell.killDaemon();
    await clock.advance(600_000);
    expect([starts, world.daemon, connection.lastError]).toEqual([[], null, expect.any(String)]);
  });

  it('is reconnected when the operator starts it again', async () => {
    const { clock, world, reports, runtime, connected } = makeConnection();
    await connected();
    world.shell.updateDaemon();
    await clock.advance(5_000);
    expect(reports.at(-1)).toBe('connected again');
    expect(runtime.isConnected()).toBe(true);
  });

  it('is started at once when an agent is to be started', async () => {
    const { clock, world, starts, connection, connected } = makeConnection();
    await connected();
    world.shell.killDaemon();
    await clock.advance(60_000);
    void connection.ensure();
    await clock.advance(500);
    expect([starts.length, world.daemon !== null]).toEqual([1, true]);
  });

  it('is started if a phase needs it, but not while `pm2 update` may start it', async () => {
    const { clock, world, starts, connection, connected } = makeConnection();
    await connected();
    world.shell.killDaemon();
    await clock.advance(DAEMON_UPDATE_MS - 500);
    connection.reconsider(true);
    await clock.advance(500);
    expect(starts).toEqual([]);
    connection.reconsider(true);
    await clock.advance(500);
    expect(starts).toHaveLength(1);
  });

  it('stays away if no phase needs it', async () => {
    const { clock, world, starts, connection, connected } = makeConnection();
    await connected();
    world.shell.killDaemon();
    await clock.advance(2 * DAEMON_UPDATE_MS);
    connection.reconsider(false);
    await clock.advance(60_000);
    expect(starts).toEqual([]);
  });

  it('counts as a fault once it has run again', async () => {
    const { clock, world, starts, connected } = makeConnection();
    await connected();
    world.shell.updateDaemon();
    await clock.advance(5_000);
    starts.length = 0;
    world.killDaemon();
    await clock.advance(1_000);
    expect(starts).toHaveLength(1);
  });
});

describe('reconsider', () => {
  it('does nothing if the operator did not kill the daemon: the retry runs already', async () => {
    const made = makeConnection();
    await made.connected();
    const attempts = refusing(made);
    made.connection.reconsider(true);
    made.world.killDaemon();
    await made.clock.advance(10_000);
    const before = attempts.length;
    made.connection.reconsider(true);
    expect(attempts).toHaveLength(before);
  });
});

describe('ensure', () => {
  it('does nothing while connected', async () => {
    const made = makeConnection();
    await made.connected();
    const attempts = refusing(made);
    await made.connection.ensure();
    expect(attempts).toEqual([]);
  });

  it('waits for an attempt that is in progress', async () => {
    const { clock, connection, runtime } = makeConnection();
    void connection.start();
    let isConnected: boolean | null = null;
    void connection.ensure().then(() => (isConnected = runtime.isConnected()));
    await clock.advance(1_000);
    expect(isConnected).toBe(true);
  });
});

describe('stop', () => {
  it('cancels every attempt, and ignores later losses', async () => {
    const made = makeConnection();
    const attempts = refusing(made);
    await made.connection.start();
    made.connection.stop();
    made.connection.onLost('gone');
    await made.connection.ensure();
    await made.clock.advance(60_000);
    expect([attempts.length, made.reports]).toEqual([1, []]);
  });

  it('lets no attempt follow the one in progress', async () => {
    const made = makeConnection();
    const attempts = refusing(made);
    void made.connection.start();
    made.connection.stop();
    await made.clock.advance(60_000);
    expect(attempts).toHaveLength(1);
  });
});
