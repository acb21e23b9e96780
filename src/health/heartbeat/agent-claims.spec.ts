import { address, heartbeats, reload, test, useHeartbeats } from '../../../test/support/heartbeat-world';

const ENDPOINT = 'http://127.0.0.1:4101';

useHeartbeats();

describe("an announcement of the supervisor's own port", () => {
  it.each([
    [{ endpoint: 'http://127.0.0.1:3100' }, ['/endpoint']],
    [{ healthUrl: 'http://localhost:3100/health/live' }, ['/healthUrl']],
    [{ endpoint: 'http://[::1]:3100', healthUrl: 'http://127.9.9.9:3100' }, ['/endpoint', '/healthUrl']],
    [{ endpoint: ENDPOINT, healthUrl: 'http://localhost:3100' }, ['/healthUrl']],
  ])('is refused together with the rest of its heartbeat: %j', async (heartbeat, pointers) => {
    const refused = heartbeats.record('a', { ...heartbeat, task: 'letter 7' });
    const errors = pointers.map((pointer) => ({ pointer, detail: expect.any(String) as string }));
    await expect(refused).rejects.toMatchObject({ code: 'invalid-request', errors });
    expect([heartbeats.announcedOf('a'), heartbeats.lastTaskOf('a')]).toEqual([null, null]);
  });

  it('is refused without a port in the URL if the own port is 80', async () => {
    address.port = 80;
    try {
      await expect(heartbeats.record('a', { endpoint: 'http://localhost' })).rejects.toMatchObject({
        code: 'invalid-request',
      });
      await heartbeats.record('a', { endpoint: 'http://localhost:3100' });
    } finally {
      address.port = 3100;
    }
  });
});

describe('a claim of a heartbeat', () => {
  it('is neither acknowledged nor used if its save fails', async () => {
    test.refuseWrites(true);
    const refused = heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7' });
    await expect(refused).rejects.toMatchObject({ code: 'database-unavailable' });
    expect([heartbeats.announcedOf('a'), heartbeats.lastTaskOf('a')]).toEqual([null, null]);
  });

  it('is not used if two heartbeats arrive at once and both saves fail', async () => {
    test.refuseWrites(true);
    const both = [heartbeats.record('a', { endpoint: ENDPOINT }), heartbeats.record('a', { task: 'letter 7' })];
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect([heartbeats.announcedOf('a'), heartbeats.lastTaskOf('a')]).toEqual([null, null]);
  });

  it('that repeats the saved one needs no database', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7' });
    test.refuseWrites(true);
    await heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7', progress: 3, busy: true });
    await heartbeats.record('a', {});
    expect(heartbeats.announcedOf('a')).toEqual({ endpoint: ENDPOINT, healthUrl: null });
  });

  it('is removed with the agent, also on disk', async () => {
    await heartbeats.record('a', { endpoint: ENDPOINT, task: 'letter 7' });
    await heartbeats.remove('a');
    for (const each of [heartbeats, await reload()]) {
      expect([each.announcedOf('a'), each.lastTaskOf('a')]).toEqual([null, null]);
    }
  });

  it('is removed even if the agent is removed during its save', async () => {
    await Promise.all([heartbeats.record('a', { task: 'letter 7' }), heartbeats.remove('a')]);
    expect(heartbeats.lastTaskOf('a')).toBeNull();
  });
});
