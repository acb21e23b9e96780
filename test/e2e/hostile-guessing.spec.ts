import { rawRequest } from '../support/raw-http';
import { refusalOf } from '../support/refusals';
import { ADMIN_TOKEN, makeService, VIEWER_TOKEN, type TestService } from '../support/service';

const AUTHORIZATION = `Authorization: Bearer ${ADMIN_TOKEN}`;

/** Needs its own service: it exhausts the limit of an address. */
describe('guessing tokens', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await makeService({ settings: { RATE_LIMIT_PER_MINUTE: '60' } });
  });

  afterAll(async () => {
    await service.destroy();
  });

  it('is limited by address, and delays no valid token', async () => {
    const guess = (index: number) =>
      rawRequest(service.url, { target: '/api/agents', headers: [`Authorization: Bearer guess-number-${index}`] });
    const statuses: number[] = [];
    for (let index = 0; index < 310; index += 1) statuses.push((await guess(index))?.status ?? 0);
    expect(statuses.slice(0, 300)).toEqual(Array<number>(300).fill(401));
    expect(statuses.slice(-5)).toEqual(Array<number>(5).fill(429));
    const blocked = await guess(999);
    expect(refusalOf(blocked)).toEqual([429, 'too-many-requests']);
    expect(Number(blocked?.headers.get('retry-after'))).toBeGreaterThan(0);
    const elsewhere = await rawRequest(service.url, {
      target: '/api/agents',
      headers: ['X-Forwarded-For: 10.9.8.7', 'Authorization: Bearer guess'],
    });
    expect(elsewhere?.status).toBe(429);
    expect((await service.api.get('/api/agents')).status).toBe(200);
    expect((await service.api.withToken(null).get('/health/live')).status).toBe(200);
  });

  it('a token over its rate limit has to wait, others do not', async () => {
    const statuses: number[] = [];
    for (let index = 0; index < 70; index += 1) statuses.push((await service.api.get('/api/nothing-of-ours')).status);
    for (let index = 0; index < 70; index += 1) statuses.push((await service.api.get('/api/agents')).status);
    expect(statuses.slice(0, 70)).toEqual(Array<number>(70).fill(404));
    const limited = await rawRequest(service.url, { target: '/api/agents', headers: [AUTHORIZATION] });
    expect(refusalOf(limited)).toEqual([429, 'too-many-requests']);
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const header of [`Authorization: Bearer   ${ADMIN_TOKEN}`, `authorization: bEARER ${ADMIN_TOKEN}`])
      expect((await rawRequest(service.url, { target: '/api/agents', headers: [header] }))?.status).toBe(429);
    const viewer = service.api.withToken(VIEWER_TOKEN);
    expect((await viewer.get('/api/agents')).status).toBe(200);
  });
});
