// Measures the upload of a backlog of 20,000 rows to Supabase: the mirror against one plain upsert per table, into the
// same project, in alternating rounds.
import { median } from './lib/bench-service.mjs';
import { measureInJest } from './lib/measure-in-jest.mjs';

const ROUNDS = 7;

export function run() {
  const { database, backlogs } = measureInJest('mirror', ROUNDS);
  const title = `A backlog of 20,000 rows to Supabase (median of ${ROUNDS}, alternating rounds; PostgREST before ${database})`;
  return { title, rows: backlogs.flatMap(rowsOf) };
}

function rowsOf({ name, ...sides }) {
  const [ours, plain, client] = [sides.ours, sides.plain, sides.client].map(({ times }) => median(times));
  const cell = (ms, { requests }) => `${Math.round(ms)} ms, ${requests} requests`;
  return [
    [`${name}: ours`, cell(ours, sides.ours)],
    [`${name}: one plain request per table`, cell(plain, sides.plain)],
    ['ours against plain', `${(ours / plain).toFixed(2)} x`],
    [`${name}: supabase-js, one upsert per table (once)`, cell(client, sides.client)],
    ['ours against supabase-js', `${(ours / client).toFixed(2)} x`],
  ];
}
