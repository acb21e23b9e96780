import { Logger } from '@nestjs/common';
import { createClient } from '@supabase/supabase-js';
import { sql } from 'kysely';
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import WebSocket from 'ws';
import { SystemClock } from '../../src/config';
import type { Row } from '../../src/mirror/local-rows';
import { Outbox } from '../../src/mirror/outbox';
import { type Database, InstanceIdentity, WriteQueue } from '../../src/persistence';
import { MIRRORED_TABLES } from '../../src/persistence/mirrored-tables';
import { openEmptyDatabase } from '../support/database';
import { fingerprintHere, fingerprintThere, makeMirror, MIRRORED } from '../support/mirror-world';
import { availableRigs, startRig, type SupabaseRig } from '../support/supabase-rig';
import { allKinds, eventsAlone, fill, keepOutbox, refill, type Piece } from './backlog';

const rounds = Number(process.env.BENCH_ROUNDS ?? '1');
const report = process.env.BENCH_REPORT;
const PAUSE_MS = 100;

/** One way to upload a backlog to an empty project. */
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

/** Runs by `npm run bench -- mirror`. */
describe('a backlog of the mirror', () => {
  /** The last one is the most realistic. */
  const kind = availableRigs().at(-1);
  const backlogs: unknown[] = [];
  let rig: SupabaseRig;

  beforeAll(async () => {
    if (kind === undefined) throw new Error('PostgREST is not available on this machine');
    Logger.overrideLogger(false);
    rig = await startRig({ kind });
  });
  afterAll(async () => {
    await rig.stop();
    const database = kind === 'debian' ? "Debian's Postgres" : 'PGlite';
    if (report !== undefined) writeFileSync(report, JSON.stringify({ database, backlogs }));
  });

  it.each<[string, Piece]>([
    ['events only', eventsAlone],
    ['all five tables', allKinds],
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
  // Only once, because it takes most of a minute.
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

/** Uploads with the product's mirror, from its outbox. The mirror runs only in `upload`. */
async function ourSide({ rig, database }: World, piece: Piece): Promise<Side> {
  const clock = new SystemClock();
  const queue = new WriteQueue(database, { clock, log: () => undefined });
  const identity = await InstanceIdentity.read(database, 'one');
  const mirror = makeMirror({ database, queue, identity, clock, url: rig.url, key: rig.serviceKey });
  await new Outbox(database, queue).enable(rig.url);
  // The first pass finds a new project and an empty outbox.
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

/** Uploads with one request per table, equal to that of supabase-js, from rows in memory. */
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

/** Uploads with supabase-js, which determines the columns in quadratic time. */
function clientSide(rig: SupabaseRig, tables: readonly TableRows[]): Side {
  const client = createClient(rig.url, rig.serviceKey, { realtime: { transport: WebSocket as never } });
  return {
    upload: async () => {
      for (const { name, key, rows } of tables) {
        const request = client.from(name).upsert([...rows], { onConflict: key });
        // supabase-js has blocked the event loop. Without a pause, fetch reuses a connection that was closed meanwhile.
        await setTimeout(PAUSE_MS);
        const { error } = await request;
        expect(error).toBeNull();
      }
    },
  };
}
