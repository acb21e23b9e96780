/** What a request to the project came back with: a status, and what PostgREST or something before it said. */
export interface Refused {
  /** 0: nothing answered. */
  readonly status: number;
  /** An SQLSTATE, a code of PostgREST (`PGRST...`), or nothing. */
  readonly code: string;
  readonly message: string;
}

/**
 * `away`: it may go well later. `key`: our key is wrong or may not do this. `schema`: a table or column is missing there.
 * `content`: what was sent is refused, and would be again. `too-large`: less at a time may do. `relieved`: another writer has
 * our place.
 */
export type FailureKind = 'away' | 'relieved' | 'key' | 'schema' | 'content' | 'too-large';

export interface Failure {
  readonly kind: FailureKind;
  /** One line, without the key. */
  readonly error: string;
}

const MAX_ERROR = 300;
// eslint-disable-next-line no-control-regex -- control characters are just what this takes out
const CONTROL = /[\u0000-\u001f\u007f]+/g;

/**
 * Codes of PostgREST (https://docs.postgrest.org/en/v12/references/errors.html): a table, relation or column that its
 * schema cache does not know.
 */
const SCHEMA_CODES = new Set(['PGRST200', 'PGRST202', 'PGRST204', 'PGRST205', 'PGRST106']);
/** The key: cannot be verified, no key at all, its claims do not hold; its role may not do this, or is none. */
const KEY_CODES = new Set(['PGRST301', 'PGRST302', 'PGRST303', '42501', '22023']);
/**
 * Postgres' classes of errors (appendix A of its manual) for what is in a row: values, constraints, a refusal by a trigger
 * of the project's owner, and limits of the engine such as the size of an entry of an index.
 */
const CONTENT_CLASSES = new Set(['22', '23', 'P0', '54']);

/** Of the trigger that supabase/migrations lay on the mirrored tables. */
const RELIEVED_CODE = 'PT409';

/**
 * What kind of failure an answer is. Only what Postgres itself says of a value counts against a row: whatever else comes,
 * HTML of a proxy among it, may go well later.
 */
export function failureOf(refused: Refused, key: string): Failure {
  return { kind: kindOf(refused), error: lineOf(refused, key) };
}

function kindOf({ status, code, message }: Refused): FailureKind {
  if (code === RELIEVED_CODE) return 'relieved';
  if (KEY_CODES.has(code)) return 'key';
  if (SCHEMA_CODES.has(code)) return 'schema';
  if (/^[0-9A-Z]{5}$/.test(code)) {
    if (CONTENT_CLASSES.has(code.slice(0, 2))) return 'content';
    if (code.startsWith('42')) return 'schema';
    return 'away';
  }
  if (status === 401 || status === 403) return 'key';
  if (status === 413) return 'too-large';
  // PostgREST 12 says of a table that it does not know just that.
  if (status === 404 && message === '') return 'schema';
  return 'away';
}

function lineOf({ status, code, message }: Refused, key: string): string {
  const isHtml = /^\s*</.test(message);
  const text = isHtml ? 'something else than JSON' : message.replaceAll(key, '***').replace(CONTROL, ' ').trim();
  const said = [status === 0 ? '' : `HTTP ${status}`, code, text].filter((part) => part !== '').join(' ');
  return said.slice(0, MAX_ERROR);
}

/** A migration as the mirror needs it: its name and its text. */
export interface KnownMigration {
  readonly name: string;
  readonly sql: string;
}

/**
 * The migration that brings what the project lacks: the first one whose text names the table, and the column where one is
 * named; null: none does.
 *
 * @param said what PostgREST or Postgres said, which names what is missing
 */
export function missingMigration(table: string, said: string, migrations: readonly KnownMigration[]): string | null {
  const names = (sql: string, word: string) => new RegExp(`\\b${word}\\b`).test(sql);
  const ofTable = migrations.filter(({ sql }) => names(sql, table));
  const column = /(?:'|"|column )(?:[a-z_]+\.)?([a-z_]+)(?:'|")? (?:column of|of relation|does not exist)/i.exec(
    said,
  )?.[1];
  const ofColumn = column === undefined ? undefined : ofTable.find(({ sql }) => names(sql, column));
  return (ofColumn ?? ofTable[0])?.name ?? null;
}
