import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SystemClock } from '../../../src/config';
import { SupabaseProject } from '../../../src/mirror/supabase-project';
import { describeMirror } from '../../support/mirror-suite';
import { agent, circuit, events, fingerprintHere, fingerprintThere } from '../../support/mirror-world';
import type { Answer } from '../../support/supabase-rig';
import { until } from '../../support/until';

describeMirror('the mirror', (suite) => {
  describe('during a fault of Supabase', () => {
    it.each<[string, Answer, RegExp]>([
      ['limits the rate', { status: 429, body: '{"message":"too many requests"}' }, /429 too many/],
      ['fails', { status: 500, body: 'oops' }, /500/],
      ['is down behind its proxy', { status: 502, body: '<html>Bad gateway</html>' }, /502 the answer is not JSON/],
      ['answers with HTML and status 200', { status: 200, body: '<html>Log in</html>' }, /./],
      ['answers with HTML and status 403', { status: 403, body: '<html>Forbidden</html>' }, /403/],
      ['cuts the connection', 'reset', /fetch failed/],
      ['cuts the connection after the write', 'reset-after', /fetch failed/],
    ])('loses nothing if Supabase %s, and uploads everything later', async (_, answer, error) => {
      await suite.expectEqual();
      await suite.world.write(events(1, 700), circuit('a', 1));
      suite.rig.fault = ({ method }) => (method === 'POST' ? answer : null);
      await suite.expectLater({ state: 'waiting', lastError: expect.stringMatching(error) as string });
      expect(await suite.world.mirror.refusals(9)).toEqual([]);
      suite.rig.fault = () => null;
      await suite.expectEqual();
    });

    it.each<[string, boolean]>([
      ['after later requests', false],
      ['after its sender was killed', true],
    ])('fences a request that arrives %s: old data never returns', async (_, isNewProcess) => {
      await suite.world.write(circuit('a', 1));
      await suite.expectEqual();
      // A request of each kind times out, but is still under way.
      suite.rig.fault = ({ method }) => (method === 'GET' || method === 'PATCH' ? null : 'late');
      await suite.world.write(`delete from actp_circuit_breakers`);
      await suite.expectLater({ state: 'waiting', waiting: 1 });
      await suite.world.write(agent('late'));
      await suite.expectLater({ state: 'waiting', waiting: 2 });
      await suite.world.write(`delete from actp_agent_registry`, circuit('a', 2));
      if (isNewProcess) await suite.world.mirror.end();
      const now = isNewProcess ? await suite.worldOf(0) : suite.world;
      suite.rig.fault = () => null;
      await suite.expectEqual(now);
      expect(await suite.rig.deliverLate()).toEqual([409, 409]);
      expect(await fingerprintThere(suite.rig)).toEqual(await fingerprintHere(now.database));
      expect(await suite.countThere('actp_circuit_breakers')).toBe(1);
      await now.write(events(1, 3));
      await suite.expectEqual(now);
    });

    it('recovers after the database of the project was killed', async () => {
      await suite.expectEqual();
      await suite.world.write(events(1, 10));
      await suite.rig.killDatabase();
      await suite.expectLater({ state: 'waiting', waiting: 10 });
      await suite.rig.restart();
      await suite.expectEqual();
    });

    it('times out a request that hangs, and nothing waits for it', async () => {
      suite.rig.fault = () => 'hang';
      const project = new SupabaseProject({
        url: suite.rig.url,
        key: suite.rig.serviceKey,
        clock: new SystemClock(),
        timeoutMs: 200,
      });
      expect(await project.owner()).toEqual({ kind: 'away', error: 'no answer within 0.2 s' });
      let cut: (why: Error) => void = () => undefined;
      let isHeld = false;
      suite.rig.fault = () =>
        new Promise((_, reject) => {
          isHeld = true;
          cut = reject;
        });
      const pass = suite.world.mirror.pass();
      await until(() => isHeld, 'a request hangs');
      // Local writes and the shutdown do not wait for the request.
      await suite.world.write(events(1, 3));
      const ended = suite.world.mirror.end();
      await suite.world.clock.advance(2_000);
      await ended;
      cut(new Error('cut by the test'));
      await pass;
      expect((await suite.worldOf(0)).mirror.status()).toMatchObject({ lastError: null });
    });

    it('follows no redirect, and never sends the key to another host', async () => {
      let requests = 0;
      const elsewhere = createServer((_, response) => {
        requests += 1;
        response.end();
      });
      await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
      const { port } = elsewhere.address() as AddressInfo;
      suite.rig.fault = () => ({ status: 307, headers: { location: `http://127.0.0.1:${port}/` }, body: '' });
      await suite.expectLater({ state: 'waiting', lastError: expect.stringContaining('fetch failed') as string });
      expect(requests).toBe(0);
      await new Promise((resolve) => elsewhere.close(resolve));
    });

    it('loses nothing with a wrong key, and names the setting to check', async () => {
      const key = suite.rig.token('service_role', { secret: 'another secret that is long enough for this' });
      const wrong = await suite.worldOf(1, { key });
      await wrong.write(events(1, 3));
      await wrong.mirror.pass();
      expect(wrong.mirror.status()).toMatchObject({ state: 'waiting', waiting: 3 });
      expect(wrong.mirror.status().degraded).toMatch(/401 PGRST301.*Check SUPABASE_SERVICE_ROLE_KEY/);
      expect(JSON.stringify(wrong.mirror.status())).not.toContain(key);
    });

    it('names the setting to check if the key is that of a browser', async () => {
      const wrong = await suite.worldOf(1, { key: suite.rig.anonKey });
      await wrong.mirror.pass();
      expect(wrong.mirror.status().degraded).toMatch(/42501.*Check SUPABASE_SERVICE_ROLE_KEY/);
    });

    it('works with a wrong clock on either side', async () => {
      await suite.world.write(events(1, 3));
      const ahead = Math.floor(Date.now() / 1_000) + 86_400;
      const key = suite.rig.token('service_role', { issuedAt: ahead, expiresAt: ahead + 3_600 });
      const wrong = await suite.worldOf(1, { key });
      await wrong.mirror.pass();
      expect(wrong.mirror.status().degraded).toMatch(/401.*Check SUPABASE_SERVICE_ROLE_KEY/);
      for (const days of [400, -800]) {
        suite.world.clock.setWallBy(days * 86_400_000);
        await suite.world.write(circuit('a', days + 1_000));
        expect(suite.world.mirror.status().lagSeconds).toBeGreaterThanOrEqual(0);
        await suite.expectEqual();
      }
    });

    it('sends smaller requests if a large one is refused', async () => {
      suite.rig.fault = ({ method, body }) =>
        method === 'POST' && body.length > 20_000 ? { status: 413, body: '<html>' } : null;
      await suite.world.write(events(1, 600));
      await suite.expectEqual();
    });
  });
});
