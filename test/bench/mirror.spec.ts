import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { createClient } from '@supabase/supabase-js';
import { sql } from 'kysely';
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import WebSocket from 'ws';
import { readSettings, resolveSettings, SystemClock } from '../../src/config';
import { type Database, InstanceIdentity, SupabaseMirror, WriteQueue } from '../../src/persistence';
import { Outbox, type Row } from '../../src/persistence/mirror/outbox';
import { MIRRORED_TABLES } from '../../src/persistence/mirror/tables';
import { openEmptyDatabase } from '../support/database';
import { fingerprintHere, fingerprintThere, MIRRORED } from '../support/mirror-world';
import { availableRigs, startRig, type SupabaseRig } from '../support/supabase-rig';
import { allKinds, eventsAlone, fill, keepOutbox, refill, type Piece } from './backlog';

const rounds = Number(process.env.BENCH_ROUNDS ?? '1');
const report = process.env.BENCH_REPORT;
const HEARING_MS = 100;

/** One way to bring a backlog to an empty project. */
interface Side {
  prepare?(): Promise<void>;
  upload(): Promise<void>;
}

interface Measured {
  /** Milliseconds. */
  readonly times: number[];
  requests: number;
}

interface TableRows {
  readonly name: string;
  readonly key: string;
  readonly rows: readonly Row[];
}

interface World {
  readonly rig: SupabaseRig;
  readonly database: Database;
}

/** npm run bench -- mirror */
describe('a backlog of the mirror', () => {
  /** The best that there is comes last. */
  const kind = availableRigs().at(-1);
  const backlogs: unknown[] = [];
  let rig: SupabaseRig;

  beforeAll(async () => {
    if (kind === undefined) throw new Error('there is no PostgREST for this machine');
    Logger.overrideLogger(false);
    rig = await startRig({ kind });
  });
  afterAll(async () => {
    await rig.stop();
    const database = kind === 'debian' ? "Debian's Postgres" : 'PGlite';
    if (report !== undefined) writeFileSync(report, JSON.stringify({ database, backlogs }));
  });

  it.each<[string, Piece]>([
    ['events alone', eventsAlone],
    ['all kinds', allKinds],
  ])(
    '%s',
    async (name, piece) => {
      await rig.query(`truncate ${MIRRORED.join(', ')}, actp_mirror_owner`);
      const { database, destroy } = await openEmptyDatabase();
      try {
        backlogs.push({ name, ...(await measure({ rig, database }, piece)) });
      } finally {
        await destroy();
      }
    },
    600_000,
  );
});

async function measure(world: World, piece: Piece) {
  const ours = await ourSide(world, piece);
  const tables = await tablesOf(world.database);
  const plain = plainSide(world.rig, tables);
  const client = clientSide(world.rig, tables);
  const measured: Record<'ours' | 'plain' | 'client', Measured> = {
    ours: { times: [], requests: 0 },
    plain: { times: [], requests: 0 },
    client: { times: [], requests: 0 },
  };
  for (let round = 0; round < rounds; round += 1) {
    await play(world, ours, measured.ours);
    await play(world, plain, measured.plain);
  }
  // Once: it takes most of a minute.
  await play(world, client, measured.client);
  return measured;
}

async function play({ rig, database }: World, side: Side, measured: Measured): Promise<void> {
  await rig.query(`truncate ${MIRRORED.join(', ')}`);
  await side.prepare?.();
  rig.requests.length = 0;
  const began = performance.now();
  await side.upload();
  measured.times.push(performance.now() - began);
  measured.requests = rig.requests.length;
  expect(await fingerprintThere(rig)).toEqual(await fingerprintHere(database));
}

/** The mirror of the product, with a backlog in its outbox; nothing but `upload` makes it work. */
async function ourSide({ rig, database }: World, piece: Piece): Promise<Side> {
  const clock = new SystemClock();
  const queue = new WriteQueue(database, { clock, log: () => undefined });
  const identity = await InstanceIdentity.read(database, 'one');
  const given = readSettings({ SUPABASE_URL: rig.url, SUPABASE_SERVICE_ROLE_KEY: rig.serviceKey });
  const settings = resolveSettings(given, '/', '/');
  const mirror = new SupabaseMirror(database, queue, identity, new SchedulerRegistry(), settings, clock, () => 0.5);
  await new Outbox(database, queue).enable(rig.url);
  // It finds a new project, and nothing to bring there.
  await mirror.pass();
  await fill(queue, piece);
  await keepOutbox(database);
  return {
    prepare: () => refill(database),
    upload: async () => {
      await mirror.pass();
      expect(mirror.status()).toMatchObject({ waiting: 0, lastError: null, degraded: null });
    },
  };
}

function tablesOf(database: Database): Promise<TableRows[]> {
  return Promise.all(
    MIRRORED_TABLES.map(async ({ name, key }) => {
      const text = sql<{ row: Row }>`select to_jsonb(source) as row from ${sql.table(name)} source`;
      const { rows } = await database.read((db) => text.execute(db));
      return { name, key, rows: rows.map(({ row }) => row) };
    }),
  ).then((tables) => tables.filter(({ rows }) => rows.length > 0));
}

/** One request a table, the very one that supabase-js makes, of rows that were read before. */
function plainSide(rig: SupabaseRig, tables: readonly TableRows[]): Side {
  const headers = {
    ...{ apikey: rig.serviceKey, authorization: `Bearer ${rig.serviceKey}`, 'content-type': 'application/json' },
    prefer: 'resolution=merge-duplicates',
  };
  return {
    upload: async () => {
      for (const { name, key, rows } of tables) {
        const columns = Object.keys(rows[0] ?? {}).map((column) => `"${column}"`);
        const query = new URLSearchParams({ on_conflict: key, columns: columns.join(',') });
        const url = `${rig.url}/rest/v1/${name}?${query.toString()}`;
        const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(rows) });
        expect(await answer.text()).toBe('');
      }
    },
  };
}

/** The same by supabase-js, whose way to find out the columns takes time by the square of the rows. */
function clientSide(rig: SupabaseRig, tables: readonly TableRows[]): Side {
  const client = createClient(rig.url, rig.serviceKey, { realtime: { transport: WebSocket as never } });
  return {
    upload: async () => {
      for (const { name, key, rows } of tables) {
        const request = client.from(name).upsert([...rows], { onConflict: key });
        // Nothing ran meanwhile, and a connection whose end was not heard yet would be used again.
        await setTimeout(HEARING_MS);
        const { error } = await request;
        expect(error).toBeNull();
      }
    },
  };
}
