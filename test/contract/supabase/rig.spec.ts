import { createClient } from '@supabase/supabase-js';
import WebSocket from 'ws';
import { describeOnRigs, startRig, type Answer, type SupabaseRig } from '../../support/supabase-rig';
import { until } from '../../support/until';

const TABLE = `
  create table note (id integer primary key, text text);
  alter table note enable row level security;
  revoke all on table note from anon, authenticated;
`;

interface FaultCase {
  readonly name: string;
  readonly fault: Answer;
  /** Status that supabase-js returns. It never throws. */
  readonly status: number;
  readonly message: string;
  readonly isWritten: boolean;
}

const FAULTS: readonly FaultCase[] = [
  {
    name: 'an error answer',
    fault: { status: 507, body: '{"message":"full"}' },
    status: 507,
    message: 'full',
    isWritten: false,
  },
  { name: 'a cut connection', fault: 'reset', status: 0, message: 'fetch failed', isWritten: false },
  { name: 'a hang', fault: 'hang', status: 0, message: 'TimeoutError', isWritten: false },
  {
    name: 'a connection cut after the write',
    fault: 'reset-after',
    status: 0,
    message: 'fetch failed',
    isWritten: true,
  },
];

describeOnRigs('the Supabase rig', (kind) => {
  let rig: SupabaseRig;
  let nextId = 1;

  beforeAll(async () => {
    rig = await startRig({ kind, migrations: [TABLE] });
  });
  afterEach(() => {
    rig.fault = () => null;
  });
  afterAll(() => rig.stop());

  const clientWith = (key: string) =>
    createClient(rig.url, key, {
      auth: { persistSession: false, autoRefreshToken: false },
      realtime: { transport: WebSocket as never },
    });
  const write = (id: number, { key = rig.serviceKey, timeoutMs = 20_000 } = {}) =>
    clientWith(key)
      .from('note')
      .upsert([{ id, text: 'text' }], { count: 'exact' })
      .abortSignal(AbortSignal.timeout(timeoutMs));
  const isThere = async (id: number) => (await rig.query('select from note where id = $1', [id])).length === 1;

  it('writes with the service key, and records the request', async () => {
    const id = nextId++;
    rig.requests.length = 0;

    expect(await write(id)).toMatchObject({ error: null, status: 201, count: 1 });

    expect(await isThere(id)).toBe(true);
    const body = JSON.stringify([{ id, text: 'text' }]);
    expect(rig.requests).toMatchObject([{ method: 'POST', body, status: 201, isPassedOn: true }]);
    expect(rig.requests[0]!.path).toMatch(/^\/rest\/v1\/note\?/);
  });

  it('refuses the key of a browser, a forged key and an expired key', async () => {
    const id = nextId++;
    const anHourAgo = Math.floor(Date.now() / 1000) - 3_600;
    const expired = rig.token('service_role', { issuedAt: anHourAgo - 3_600, expiresAt: anHourAgo });
    const forged = rig.token('service_role', { secret: 'not that of the rig, but as long' });

    expect(await write(id, { key: rig.anonKey })).toMatchObject({ status: 401, error: { code: '42501' } });
    expect(await write(id, { key: forged })).toMatchObject({ status: 401, error: { code: 'PGRST301' } });
    expect(await write(id, { key: expired })).toMatchObject({
      error: { message: 'JWT expired' },
    });
    expect(await isThere(id)).toBe(false);
  });

  it('serves a table as soon as its file is applied', async () => {
    await rig.apply('create table later (id integer primary key); create table latest (id integer primary key)');

    const { status } = await clientWith(rig.serviceKey).from('latest').insert({ id: 1 });
    expect(status).toBe(201);
  });

  it('applies a file completely or not at all', async () => {
    await expect(rig.apply('create table half (id integer); select 1 / 0')).rejects.toThrow('division by zero');

    expect(await rig.query(`select to_regclass('half') as half`)).toEqual([{ half: null }]);
  });

  it.each(FAULTS)('turns $name into an error of supabase-js', async ({ fault, status, message, isWritten }) => {
    const id = nextId++;
    rig.fault = () => fault;
    // Only a hang needs a short time limit.
    const timeoutMs = fault === 'hang' ? 300 : undefined;

    expect(await write(id, { timeoutMs })).toMatchObject({
      status,
      data: null,
      error: { message: expect.stringContaining(message) as unknown },
    });

    expect(await isThere(id)).toBe(isWritten);
    expect(rig.requests.at(-1)!.isPassedOn).toBe(isWritten);
  });

  it('keeps a query with large values intact during concurrent writes', async () => {
    const large = 'x'.repeat(500_000);
    const lengths: unknown[] = [];
    const written: number[] = [];
    const write20 = async () => {
      for (let id = 1_000; id < 1_020; id += 1) written.push((await write(id)).status);
    };
    const ask = async () => {
      while (written.length < 20) lengths.push((await rig.query('select length($1) as length', [large]))[0]!.length);
    };

    await Promise.all([write20(), ask()]);

    expect(new Set(written)).toEqual(new Set([201]));
    expect(new Set(lengths)).toEqual(new Set([large.length]));
  });

  it('reports a killed database, cuts connections when killed itself, and has every row after the restart', async () => {
    const id = nextId++;
    const { url } = rig;
    await write(id);

    await rig.killDatabase();
    // The first request after the kill may fail with another error.
    const isNoticed = async () => /^PGRST00[0-3]$/.test((await write(nextId)).error?.code ?? '');
    await until(isNoticed, 'PostgREST reports the lost database');
    await rig.kill();
    await rig.kill();
    expect(await write(nextId)).toMatchObject({
      status: 0,
      error: { message: expect.stringContaining('fetch failed') as unknown },
    });
    await expect(rig.query('select 1')).rejects.toThrow('ECONNREFUSED');
    await rig.restart();

    expect(rig.url).toBe(url);
    expect(await isThere(id)).toBe(true);
    expect(await write(nextId++)).toMatchObject({ error: null });
  });
});
