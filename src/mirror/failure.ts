import { maskSecrets, wellFormed } from '../kernel';

/** Failed response of the project, from PostgREST or from a proxy before it. */
export interface Refused {
  /** 0: no answer. */
  readonly status: number;
  /** An SQLSTATE, a PostgREST code (`PGRST...`), or empty. */
  readonly code: string;
  readonly message: string;
}

/**
 * Kind of a failure.
 * - `away`: a later try may succeed.
 * - `key`: the key is invalid, or its role lacks a privilege.
 * - `schema`: the project lacks a table or column.
 * - `content`: the project refuses the rows, and would again.
 * - `too-large`: a smaller request may succeed.
 * - `relieved`: another writer owns the project, or the request is of an earlier epoch.
 */
export type FailureKind = 'away' | 'relieved' | 'key' | 'schema' | 'content' | 'too-large';

export interface Failure {
  readonly kind: FailureKind;
  /** One line, without the key. */
  readonly error: string;
}

/** Result of a request to the Supabase project. */
export type Answer<T> = { readonly kind: 'done'; readonly value: T } | Failure;

/** Stops a pass because the project cannot take or return more now. Changes that are not settled are sent again. */
export class MirrorStopped extends Error {
  constructor(
    readonly failure: Failure,
    readonly table: string,
  ) {
    super(failure.error);
    this.name = 'MirrorStopped';
  }
}

/** Returns the value of an answer. @throws MirrorStopped for a failure */
export function valueOf<T>(answer: Answer<T>, table: string): T {
  if (answer.kind !== 'done') throw new MirrorStopped(answer, table);
  return answer.value;
}

const MAX_ERROR = 300;
// eslint-disable-next-line no-control-regex -- the pattern exists to remove control characters
const CONTROL = /[\u0000-\u001f\u007f]+/g;

/**
 * PostgREST codes for a table, relation or column that its schema cache does not know
 * (https://docs.postgrest.org/en/v12/references/errors.html).
 */
const SCHEMA_CODES = new Set(['PGRST200', 'PGRST202', 'PGRST204', 'PGRST205', 'PGRST106']);
/**
 * Codes about the key: it cannot be verified, it is missing, its claims are invalid, or its role is unknown or lacks a
 * privilege.
 */
const KEY_CODES = new Set(['PGRST301', 'PGRST302', 'PGRST303', '42501', '22023']);
/**
 * SQLSTATE classes about the content of a row (appendix A of the Postgres manual): values, constraints, a refusal by a
 * trigger of the project's owner, and engine limits such as the size of an index entry.
 */
const CONTENT_CLASSES = new Set(['22', '23', 'P0', '54']);

/** Code raised by the trigger that supabase/migrations create on the mirrored tables. */
const RELIEVED_CODE = 'PT409';

/**
 * Classifies a failed response. Only an SQLSTATE about a value counts against a row. Any other response, such as the
 * HTML of a proxy, may be temporary.
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
  // PostgREST 12 answers a request for an unknown table with this status and an empty body.
  if (status === 404 && message === '') return 'schema';
  return 'away';
}

function lineOf({ status, code, message }: Refused, key: string): string {
  const isHtml = /^\s*</.test(message);
  const text = isHtml ? 'the answer is not JSON' : maskSecrets(message, [key]).replace(CONTROL, ' ').trim();
  const parts = [status === 0 ? '' : `HTTP ${status}`, code, text].filter((part) => part !== '').join(' ');
  return wellFormed(parts.slice(0, MAX_ERROR));
}

/** Name and text of a migration. */
export interface KnownMigration {
  readonly name: string;
  readonly sql: string;
}

/**
 * Returns the migration that adds what the project lacks: the first one whose text names the table, and the column if
 * `message` names one. Returns null if no migration does.
 *
 * @param message text of PostgREST or Postgres, which names what is missing
 */
export function missingMigration(table: string, message: string, migrations: readonly KnownMigration[]): string | null {
  const names = (sql: string, word: string) => new RegExp(`\\b${word}\\b`).test(sql);
  const ofTable = migrations.filter(({ sql }) => names(sql, table));
  const column = /(?:'|"|column )(?:[a-z_]+\.)?([a-z_]+)(?:'|")? (?:column of|of relation|does not exist)/i.exec(
    message,
  )?.[1];
  const ofColumn = column === undefined ? undefined : ofTable.find(({ sql }) => names(sql, column));
  return (ofColumn ?? ofTable[0])?.name ?? null;
}
