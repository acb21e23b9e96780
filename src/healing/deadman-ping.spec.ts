import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { FakeClock } from '../../test/support/fake-clock';
import { until } from '../../test/support/until';
import { DeadmanPing } from './deadman-ping';

describe('the ping of the external monitor', () => {
  let server: Server;
  let requests: string[];
  let answer: number | 'hang';
  let url: string;

  beforeEach(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    requests = [];
    answer = 200;
    server = createServer((request, response) => {
      requests.push(request.url ?? '');
      if (answer !== 'hang') response.writeHead(answer).end('ok');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/s3cret`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  afterAll(() => {
    jest.restoreAllMocks();
  });

  const clock = new FakeClock();
  const makePing = (DEADMAN_URL: string | undefined) => new DeadmanPing({ DEADMAN_URL }, clock);

  it('fetches its URL', async () => {
    const ping = makePing(url);
    await ping.ping();
    expect(requests).toEqual(['/ping/s3cret']);
    expect(ping.lastError).toBeNull();
  });

  it('fetches nothing without a URL', async () => {
    const ping = makePing(undefined);
    await ping.ping();
    expect(ping.lastError).toBeNull();
  });

  it('never overlaps itself', async () => {
    answer = 'hang';
    const ping = makePing(url);
    const pings = [1, 2, 3, 4, 5].map(() => ping.ping());
    await until(() => requests.length > 0, 'it was asked');
    expect(requests).toHaveLength(1);
    server.closeAllConnections();
    await Promise.all(pings);
  });

  it('times out after ten seconds in which the service ran', async () => {
    answer = 'hang';
    const ping = makePing(url);
    const done = ping.ping();
    await until(() => requests.length > 0, 'it was asked');
    clock.freezeFor(60_000);
    await clock.advance(9_000);
    expect(ping.lastError).toBeNull();
    await clock.advance(1_000);
    await done;
    expect(ping.lastError).toBe('ERR_CANCELED');
  });

  it('logs a failure once, and never the URL, which may be a secret', async () => {
    const said = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    said.mockClear();
    answer = 500;
    const ping = makePing(url);
    await ping.ping();
    await ping.ping();
    expect(ping.lastError).toBe('it answered 500');
    expect(said.mock.calls).toHaveLength(1);
    expect(JSON.stringify(said.mock.calls)).not.toContain('s3cret');
  });

  it('recovers by itself', async () => {
    answer = 500;
    const ping = makePing(url);
    await ping.ping();
    answer = 200;
    await ping.ping();
    expect(ping.lastError).toBeNull();
  });
});
