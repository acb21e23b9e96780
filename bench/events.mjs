// Measures durable events per second. Each caller awaits its event: the supervisor's write queue against plain inserts
// into PGlite.
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { root } from '../scripts/lib/prepare.mjs';
import { median } from './lib/bench-service.mjs';

const EVENTS = 2_000;
const ROUNDS = 7;
const CALLERS = [50, 1];
/** Must equal the parameters in src/persistence/database/embedded-postgres.ts. */
const PARAMETERS = ['-c', 'shared_buffers=4MB'];
const INSERT = `insert into actp_agent_events (id, instance, seq, agent_id, type, data, occurred_at)
  values ($1, $2, $3, $4, $5, $6, $7)`;

const requireBuilt = createRequire(path.join(root, 'dist', 'main.js'));
const { SystemClock } = requireBuilt('./config');
const { EventLog } = requireBuilt('./events');
const { Database, InstanceIdentity, WriteQueue } = requireBuilt('./persistence');
const { Outbox } = requireBuilt('./mirror/outbox');

export async function run() {
  const home = mkdtempSync(path.join(tmpdir(), 'agent-spawner-bench-'));
  const sides = {};
  try {
    for (const name of ['ours', 'mirrored', 'plain']) sides[name] = await open(await emptyDatabaseIn(home, name), name);
    const rows = [];
    for (const callers of CALLERS) rows.push(...(await compare(sides, callers)));
    return { title: `Durable events a second (median of ${ROUNDS} times ${EVENTS}, in alternating rounds)`, rows };
  } finally {
    for (const side of Object.values(sides)) await side.close();
    rmSync(home, { recursive: true, force: true });
  }
}

/** Creates an empty database with the schema. The first call creates a template; later calls copy it. */
async function emptyDatabaseIn(home, name) {
  const template = path.join(home, 'template');
  if (!Database.isIn(template)) await (await Database.open(template)).close();
  const folder = path.join(home, name);
  cpSync(template, folder, { recursive: true });
  return folder;
}

function open(folder, name) {
  return name === 'plain' ? plainSide(folder) : ourSide(folder, { isMirrored: name === 'mirrored' });
}

async function ourSide(folder, { isMirrored }) {
  const database = await Database.open(folder);
  const queue = new WriteQueue(database, { clock: new SystemClock(), log: () => undefined });
  const log = new EventLog(database, await InstanceIdentity.read(database, 'bench'), randomUUID);
  if (isMirrored) await new Outbox(database, queue).enable('http://127.0.0.1');
  return {
    record: (draft) =>
      queue.submit(async (tx) => {
        await log.append(tx, [draft]);
      }),
    close: () => database.close(),
  };
}

/**
 * Opens a database that runs one statement per event, which is one transaction: the minimum cost. The engine runs in
 * this thread.
 */
async function plainSide(folder) {
  const database = await PGlite.create({ dataDir: folder, startParams: [...PGlite.defaultStartParams, ...PARAMETERS] });
  let seq = 0;
  return {
    record: ({ agentId, type, data, occurredAt }) => {
      seq += 1;
      const at = new Date(occurredAt).toISOString();
      return database.query(INSERT, [randomUUID(), 'bench', seq, agentId, type, JSON.stringify(data), at]);
    },
    close: () => database.close(),
  };
}

async function compare(sides, callers) {
  const rates = { ours: [], mirrored: [], plain: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, side] of Object.entries(sides)) rates[name].push(await eventsPerSecond(side, callers));
  }
  const [ours, mirrored, plain] = Object.values(rates).map(median);
  const who = callers === 1 ? 'one caller' : `${callers} callers`;
  return [
    [`${who}: plain PGlite`, `${Math.round(plain)} a second`],
    [`${who}: ours`, `${Math.round(ours)} a second, ${(ours / plain).toFixed(2)} x plain`],
    [`${who}: ours, with a mirror`, `${Math.round(mirrored)} a second, ${(mirrored / plain).toFixed(2)} x plain`],
  ];
}

async function eventsPerSecond(side, callers) {
  let left = EVENTS;
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      await side.record(draft(left));
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: callers }, caller));
  return EVENTS / ((performance.now() - began) / 1_000);
}

function draft(number) {
  const data = { incidentId: randomUUID(), pid: 10_000 + number, reason: 'it exited with code 1 after 12.3 s' };
  return { agentId: `agent-${number % 50}`, type: 'agent.spawned', data, occurredAt: Date.now() };
}
