import { gzipSync } from 'node:zlib';
import { makeCheck, useProbeServers } from '../../support/probe-servers';

/** Judges the answers of real servers: healthy, faulty, misconfigured and hostile ones. */
describe('the HTTP probe', () => {
  const { serve, serveAnswer } = useProbeServers();
  const check = makeCheck();

  it.each([
    ['200', 200, 'ok'],
    ['204 without a body', 204, ''],
    ['the expected agent ID', 200, '{"agentId":"agent"}'],
    ['JSON without an agent ID', 200, '{"status":"ok"}'],
    ['a JSON array', 200, '[1, null]'],
    ['invalid JSON', 200, '{"agentId": "some'],
    ['an agent ID that is not a string', 200, '{"agentId": 7}'],
  ])('passes for %s', async (_, status, body) => {
    expect(await check(await serveAnswer(status, body))).toMatchObject({ ok: true, statusCode: status, error: null });
  });

  it.each([
    ['500', 500, '', 'answered 500'],
    ['400', 400, '', 'answered 400'],
    ['503', 503, '', 'answered 503'],
    ['304', 304, '', 'answered 304'],
    ["another agent's ID", 200, '{"agentId":"other"}', 'another agent answers there: other'],
    ["another agent's ID, in snake case", 200, '{"agent_id":"other"}', 'another agent answers there: other'],
  ])('fails for %s', async (_, status, body, error) => {
    const expected = { ok: false, statusCode: status, error, cause: 'unhealthy-response' };
    expect(await check(await serveAnswer(status, body))).toMatchObject(expected);
  });

  it('removes control characters from the error', async () => {
    const { error } = await check(
      await serveAnswer(200, JSON.stringify({ agentId: `x\u001b[31m\n\u0007${'y'.repeat(999)}` })),
    );
    // eslint-disable-next-line no-control-regex -- these characters must be absent
    expect(error).not.toMatch(/[\u0000-\u001f]/);
    expect(error?.length).toBeLessThanOrEqual(200);
  });

  it('reads at most 64 kB of a body, compressed or not', async () => {
    let sent = 0;
    const url = await serve((_, response) => {
      const write = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) sent += 65_536;
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    });
    expect(await check(url)).toMatchObject({ ok: true, statusCode: 200 });
    const compressed = await serveAnswer(200, '', {});
    expect(compressed).toEqual(expect.any(String));
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const bombUrl = await serve((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const before = process.memoryUsage().rss;
    expect(await check(bombUrl)).toMatchObject({ ok: true });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  describe('a misconfigured check', () => {
    it.each([
      [401, /healthHeaders.*Authorization/],
      [403, /healthHeaders/],
      [404, /healthUrl/],
      [405, /healthUrl.*GET/],
      [501, /healthUrl.*GET/],
    ])('is neither good nor failed for status %d', async (status, advice) => {
      const result = await check(await serveAnswer(status));
      expect(result).toMatchObject({ ok: false, statusCode: status, error: `answered ${status}`, cause: null });
      expect(result.misconfigured).toMatchObject({ advice: expect.stringMatching(advice) as string, setup: 'first' });
    });

    it('is recognized by its status, before its body ends', async () => {
      const url = await serve((_, response) => void response.writeHead(401).write('x'));
      expect((await check(url)).misconfigured).toBeDefined();
    });

    it('advises to change the heartbeat if that announced the URL', async () => {
      const result = await check(await serveAnswer(404), { isAnnounced: true });
      expect(result.misconfigured?.advice).toMatch(/heartbeat/);
    });
  });
});
