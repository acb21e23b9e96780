import { networkInterfaces } from 'node:os';
import { gzipSync } from 'node:zlib';
import { CardFault } from '../../../src/cards/agent-card';
import { CardFetcher } from '../../../src/cards/card-fetcher';
import type { OwnAddress } from '../../../src/config';
import { agentCard } from '../../support/cards';
import { FakeClock } from '../../support/fake-clock';
import { useProbeServers } from '../../support/probe-servers';
import { until } from '../../support/until';

const JSON_TYPE = { 'content-type': 'application/json' };
const CARD = JSON.stringify(agentCard());

describe('the card of a URL', () => {
  const servers = useProbeServers();
  const clock = new FakeClock();
  const own = { port: 1 };
  const fetcher = new CardFetcher(clock, own as OwnAddress);
  const fetched = (url: string) => fetcher.fetch(new URL(url));
  const faultOf = async (url: string) => {
    const error = await fetched(url).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error instanceof CardFault) return error.message;
    throw new Error('it was fetched, or failed in another way', { cause: error });
  };

  afterEach(() => {
    own.port = 1;
  });

  it('is fetched without credentials, also compressed and over a self-signed loopback certificate', async () => {
    const seen: unknown[] = [];
    const url = await servers.serve((request, response) => {
      seen.push([request.method, request.headers.authorization, request.headers.cookie]);
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(gzipSync(CARD));
    });
    expect(await fetched(url)).toEqual(agentCard());
    expect(seen).toEqual([['GET', undefined, undefined]]);
    const tls = await servers.serveTls((_, response) => response.writeHead(200, JSON_TYPE).end(CARD));
    expect(await fetched(tls)).toEqual(agentCard());
  });

  it.each<[string, number, string | Buffer, Record<string, string>, RegExp]>([
    ['is missing', 404, CARD, JSON_TYPE, /^answered 404 at \/health$/],
    ['needs credentials', 401, CARD, JSON_TYPE, /^answered 401/],
    ['is not JSON', 200, '<html>secret</html>', JSON_TYPE, /^is not an agent card: it is not JSON in UTF-8$/],
    ['is not UTF-8', 200, Buffer.from([0x22, 0xff, 0x22]), JSON_TYPE, /not JSON in UTF-8$/],
    ['is too large', 200, JSON.stringify('x'.repeat(262_144)), JSON_TYPE, /^answered more than 256 kB$/],
    ['is damaged', 200, 'not gzip', { ...JSON_TYPE, 'content-encoding': 'gzip' }, /^is unreachable: /],
  ])('that %s is refused', async (_, status, body, headers, why) => {
    const url = await servers.serve((_request, response) => response.writeHead(status, headers).end(body));
    expect(await faultOf(url)).toMatch(why);
  });

  it('that expands to 64 MB is read up to the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * 1_048_576, 0x20));
    const url = await servers.serve((_, response) =>
      response.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(bomb),
    );
    const before = process.memoryUsage().arrayBuffers;
    expect(await faultOf(url)).toBe('answered more than 256 kB');
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1_048_576);
  });

  it.each([
    ['never comes', false],
    ['comes byte by byte', true],
  ])('that %s is given up after 5 s, and its connection closed', async (_, hasHead) => {
    const url = await servers.serve((_request, response) => {
      if (hasHead) response.writeHead(200, JSON_TYPE).write('{');
    });
    const fault = faultOf(url);
    await until(() => servers.sockets.size > 0, 'the server is connected to');
    await clock.advance(5_000);
    expect(await fault).toBe('gave no complete answer within 5 s');
    await until(() => [...servers.sockets].every(({ destroyed }) => destroyed), 'the connection is closed');
  });

  it('is fetched through redirects on the same host', async () => {
    const target = await servers.serveAnswer(200, CARD, JSON_TYPE);
    const url = await servers.serveAnswer(302, '', { location: target.replace('127.0.0.1', 'localhost') });
    expect(await fetched(url)).toEqual(agentCard());
  });

  it.each([
    ['to another host', 'http://203.0.113.1/card.json', /^redirects to another host/],
    ['to the metadata of a cloud', 'http://169.254.169.254/latest/meta-data', /^redirects to another host/],
    ['to a file', 'file:///etc/passwd', /^redirects to file:/],
    ['to itself', '/health', /^redirects more than 5 times$/],
  ])('that redirects %s is refused', async (_, location, why) => {
    expect(await faultOf(await servers.serveAnswer(302, '', { location }))).toMatch(why);
  });

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]'])('at the own port of %s is refused', async (host) => {
    let requests = 0;
    const url = await servers.serve((_, response) => {
      requests += 1;
      response.writeHead(200, JSON_TYPE).end(CARD);
    });
    own.port = Number(new URL(url).port);
    expect(await faultOf(url.replace('127.0.0.1', host))).toBe("leads to agent-spawner's own port");
    const redirecting = await servers.serveAnswer(302, '', { location: url });
    expect(await faultOf(redirecting)).toBe("leads to agent-spawner's own port");
    expect(requests).toBe(0);
  });

  it('at the own port of any interface of this machine is refused', async () => {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    own.port = 80;
    for (const { address, family, scopeid } of addresses.filter(({ internal }) => !internal)) {
      if (family === 'IPv6' && scopeid !== 0) continue;
      const host = family === 'IPv6' ? `[${address}]` : address;
      expect(await faultOf(`http://${host}/card.json`)).toBe("leads to agent-spawner's own port");
    }
    expect(await faultOf('http://0.0.0.0/card.json')).toBe("leads to agent-spawner's own port");
  });

  it.each(['http://169.254.169.254/card.json', 'http://0xa9fea9fe/card.json', 'http://[fe80::1]/card.json'])(
    'at the link-local address of %s is refused',
    async (url) => {
      expect(await faultOf(url)).toBe('leads to a link-local address, which agents do not have');
    },
  );

  it('at a port where no program listens is unreachable', async () => {
    const url = await servers.serveAnswer(200, CARD);
    await servers.closeAll();
    expect(await faultOf(url)).toBe('is unreachable: no program listens there');
    expect(await faultOf('http://no-such-host.invalid/card.json')).toMatch(/^is unreachable: /);
  });
});
