import { failureOf, missingMigration, type FailureKind } from './failure';
import { readMigrations } from '../persistence/database/migrator';

describe('failureOf', () => {
  // As observed from PostgREST 12 and from proxies before it.
  it.each<[string, FailureKind, number, string, string]>([
    ['nothing answers', 'away', 0, '', 'TypeError: fetch failed'],
    ['a proxy has no server behind it', 'away', 503, '', ''],
    ['a proxy answers in HTML', 'away', 400, '', '<html>Bad request</html>'],
    ['too many requests', 'away', 429, '', 'too many requests'],
    ['the database is unavailable', 'away', 503, 'PGRST001', 'Could not connect'],
    ['a statement took too long', 'away', 500, '57014', 'canceling statement due to statement timeout'],
    ['a deadlock', 'away', 500, '40P01', 'deadlock detected'],
    ['a disk is full', 'away', 500, '53100', 'could not extend file'],
    ['a bad request without a code', 'away', 400, '', 'bad request'],
    ['the key cannot be verified', 'key', 401, 'PGRST301', 'JWSError JWSInvalidSignature'],
    ['the key has expired', 'key', 401, 'PGRST301', 'JWT expired'],
    ['a key that may not write', 'key', 401, '42501', 'permission denied for table actp_agent_events'],
    ['a gateway refuses the key', 'key', 401, '', 'Invalid API key'],
    ['a gateway forbids it', 'key', 403, '', '<html></html>'],
    ['no such table', 'schema', 404, '42P01', 'relation "public.actp_agent_events" does not exist'],
    ['no such table, without a message', 'schema', 404, '', ''],
    ['no such path', 'away', 404, '', '<html>Not found</html>'],
    ['a lost connection', 'away', 400, '', ''],
    ['a key of an unknown role', 'key', 400, '22023', 'role "other" does not exist'],
    ['no such table, in later versions', 'schema', 404, 'PGRST205', 'Could not find the table'],
    ['no such column', 'schema', 400, 'PGRST204', "Could not find the 'seq' column of 'actp_agent_events'"],
    ['no such column for Postgres', 'schema', 400, '42703', 'column "seq" does not exist'],
    ['another writer owns the project', 'relieved', 409, 'PT409', 'another agent-spawner writes to this project'],
    ['a value of a wrong type', 'content', 400, '22P02', 'invalid input syntax for type uuid'],
    ['a check', 'content', 400, '23514', 'violates check constraint'],
    ['a missing value', 'content', 400, '23502', 'null value in column'],
    ['a duplicate', 'content', 409, '23505', 'duplicate key value'],
    ["a trigger of the project's owner", 'content', 400, 'P0001', 'no'],
    ['too large an entry of an index', 'content', 500, '54000', 'index row size exceeds'],
    ['too large a request', 'too-large', 413, '', '<html></html>'],
  ])('%s: %s', (_, kind, status, code, message) => {
    expect(failureOf({ status, code, message }, 'the-key').kind).toBe(kind);
  });

  it('describes the failure in one line of limited length, without the key', () => {
    const message = `refused the-key\n\u0000of ${'x'.repeat(1_000)}`;
    const { error } = failureOf({ status: 400, code: '22P02', message }, 'the-key');
    expect(error).toMatch(/^HTTP 400 22P02 refused \*\*\* of x+$/);
    expect(error).toHaveLength(300);
  });

  it('does not show a page of HTML', () => {
    expect(failureOf({ status: 502, code: '', message: '\n<html><b>Bad gateway</b>' }, 'k').error).toBe(
      'HTTP 502 the answer is not JSON',
    );
  });
});

describe('missingMigration', () => {
  const known = [
    { name: '1_a', sql: 'create table a (id uuid)' },
    { name: '2_b', sql: 'create table b (id uuid)' },
    { name: '3_more', sql: 'alter table a add column extra text' },
  ];

  it.each([
    ['a table', 'b', 'relation "public.b" does not exist', '2_b'],
    ['a column of the first migration', 'a', "Could not find the 'id' column of 'a' in the schema cache", '1_a'],
    ['a column of a later migration', 'a', "Could not find the 'extra' column of 'a' in the schema cache", '3_more'],
    ['a column, in the words of Postgres', 'a', 'column "extra" of relation "a" does not exist', '3_more'],
    ['a column, in the words of Postgres about a query', 'a', 'column a.extra does not exist', '3_more'],
    ['a column that no migration adds', 'a', "Could not find the 'other' column of 'a'", '1_a'],
    ['a table that no migration adds', 'c', 'relation "public.c" does not exist', null],
  ])('finds %s', (_, table, said, expected) => {
    expect(missingMigration(table, said, known)).toBe(expected);
  });

  it('finds each mirrored table in the migration that creates it', () => {
    const named = (table: string) =>
      missingMigration(table, `relation "public.${table}" does not exist`, readMigrations());
    expect(named('actp_agent_restarts')).toBe('20260101000003_agent_restarts');
    expect(named('actp_mirror_owner')).toBe('20260101000007_mirror_owner');
  });
});
