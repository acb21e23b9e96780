import { heard, heartbeats, processes, reload, test, useHeartbeats } from '../../../test/support/heartbeat-world';

const ENDPOINT = 'http://127.0.0.1:4101';

const HEALTH_URL = 'http://127.0.0.1:4101/health';

useHeartbeats();

describe('a heartbeat', () => {
  it('is passed on at once, and again when what it announced is saved', async () => {
    const recorded = heartbeats.record('a', { endpoint: ENDPOINT });
    expect([heard, heartbeats.announcedOf('a')]).toEqual([['a'], null]);
    await recorded;
    expect([heard, heartbeats.announcedOf('a')?.endpoint]).toEqual([['a', 'a'], ENDPOINT]);
  });
});

describe('an announcement', () => {
  it('is null before the first heartbeat', () => {
    expect(heartbeats.announcedOf('a')).toBeNull();
  });

  it('is valid from its heartbeat on, also after a restart of the supervisor', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, healthUrl: HEALTH_URL });
    const announced = { endpoint: ENDPOINT, healthUrl: HEALTH_URL };
    expect(heartbeats.announcedOf('a')).toEqual(announced);
    expect((await reload()).announcedOf('a')).toEqual(announced);
    expect(heartbeats.announcedOf('b')).toBeNull();
  });

  it('keeps the members that a later heartbeat omits', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT });
    await heartbeats.record('a', { healthUrl: HEALTH_URL });
    await heartbeats.record('a', { status: 'ok' });
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: ENDPOINT, healthUrl: HEALTH_URL });
  });

  it('is withdrawn by null, member by member, and null once no member is left', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, healthUrl: HEALTH_URL });
    await heartbeats.record('a', { healthUrl: null });
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: ENDPOINT, healthUrl: null });
    await heartbeats.record('a', { endpoint: null });
    expect(heartbeats.announcedOf('a')).toBeNull();
    expect((await reload()).announcedOf('a')).toBeNull();
  });

  it.each(['run-2:11', 'run-1:11', null])('ends with its process: the next one is %j', async (next) => {
    await heartbeats.record('a', { endpoint: ENDPOINT });
    processes.a = next;
    expect(heartbeats.announcedOf('a')).toBeNull();
    expect((await reload()).announcedOf('a')).toBeNull();
  });

  it('of an earlier process is not merged into that of the next one', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT });
    processes.a = 'run-2:11';
    await heartbeats.record('a', { healthUrl: HEALTH_URL });
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: null, healthUrl: HEALTH_URL });
  });

  it('is saved together with a heartbeat that arrives before it is saved', async () => {
    await Promise.all([heartbeats.record('a', { endpoint: ENDPOINT }), heartbeats.record('a', { task: 'letter 7' })]);
    expect([heartbeats.announcedOf('a')?.endpoint, heartbeats.lastTaskOf('a', 'run-1')]).toEqual([
      ENDPOINT,
      'letter 7',
    ]);
  });
});

describe('a heartbeat before PM2 answers the launch', () => {
  beforeEach(async () => {
    processes.a = 'run-2:';
    await heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7', status: 'degraded' });
  });

  it('is assigned to its process once the pid is known, and ends with it', () => {
    processes.a = 'run-2:11';
    expect([heartbeats.announcedOf('a')?.endpoint, heartbeats.vitalsOf('a')?.status]).toEqual([ENDPOINT, 'degraded']);
    processes.a = 'run-2:12';
    expect([heartbeats.announcedOf('a'), heartbeats.vitalsOf('a')]).toEqual([null, null]);
  });

  it('is merged with later heartbeats of its process', async () => {
    processes.a = 'run-2:11';
    await heartbeats.record('a', { healthUrl: HEALTH_URL });
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: ENDPOINT, healthUrl: HEALTH_URL });
    expect(heartbeats.lastTaskOf('a', 'run-2')).toBe('letter 7');
  });

  it('survives a restart of the supervisor before the answer', async () => {
    const later = await reload();
    processes.a = 'run-2:11';
    expect([later.announcedOf('a')?.endpoint, later.vitalsOf('a')?.ageMs]).toEqual([ENDPOINT, 0]);
  });

  it('is saved under its process with the next heartbeat', async () => {
    processes.a = 'run-2:11';
    await heartbeats.record('a', { status: 'ok' });
    await test.queue.flush(10_000);
    processes.a = 'run-2:12';
    expect((await reload()).announcedOf('a')).toBeNull();
  });

  it.each(['run-3:11', null])('is not assigned to another run: %j', (next) => {
    processes.a = next;
    expect([heartbeats.announcedOf('a'), heartbeats.vitalsOf('a')]).toEqual([null, null]);
  });
});

describe('the last task', () => {
  it('is passed on to the next run, also after a restart of the supervisor', async () => {
    expect(heartbeats.lastTaskOf('a', 'run-1')).toBeNull();
    await heartbeats.record('a', { task: 'letter 7' });
    await heartbeats.record('a', { task: 'letter 8' });
    await heartbeats.record('a', { status: 'ok' });
    processes.a = 'run-2:11';
    expect([heartbeats.lastTaskOf('a', 'run-1'), (await reload()).lastTaskOf('a', 'run-1')]).toEqual([
      'letter 8',
      'letter 8',
    ]);
  });

  it('of a run before the latest one is not passed on', async () => {
    await heartbeats.record('a', { task: 'letter 7' });
    processes.a = 'run-2:11';
    await heartbeats.record('a', { status: 'ok' });
    expect([heartbeats.lastTaskOf('a', 'run-1'), heartbeats.lastTaskOf('a', 'run-2')]).toEqual([null, null]);
  });

  it('stays the latest reported task after a heartbeat with the task null', async () => {
    await heartbeats.record('a', { task: 'letter 7' });
    await heartbeats.record('a', { task: null });
    expect(heartbeats.lastTaskOf('a', 'run-1')).toBe('letter 7');
  });
});
