import { readLevelName, type Level } from './log-level';

/** Log record of keys and values: `time=... level=error msg="words" err="words"`. */
export interface LogfmtRecord {
  readonly level: Level;
  readonly at: number | null;
  /** The message, then the error. */
  readonly words: string;
}

const PAIR = /(?:^|\s)([A-Za-z][\w.@-]{0,40})=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g;

/** Returns null if the line is not such a record. */
export function readLogfmt(line: string): LogfmtRecord | null {
  if (!line.includes('level=') || !/\b(?:msg|message|event)=/.test(line)) return null;
  const values = new Map<string, string>();
  for (const [, key = '', quoted, plain = ''] of line.matchAll(PAIR))
    if (!values.has(key)) values.set(key, quoted?.replace(/\\(.)/g, '$1') ?? plain);
  const firstOf = (...keys: readonly string[]) =>
    keys.map((key) => values.get(key)).find((value) => value !== undefined);
  const [level, message] = [readLevelName(values.get('level')), firstOf('msg', 'message', 'event')];
  if (level === null || message === undefined) return null;
  const error = level === 'quiet' ? undefined : firstOf('err', 'error');
  const at = Date.parse(firstOf('time', 'ts', 'timestamp') ?? '');
  return { level, at: Number.isNaN(at) ? null : at, words: error === undefined ? message : `${message}: ${error}` };
}
