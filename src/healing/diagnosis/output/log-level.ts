/** Level that a log line gives itself. `quiet` is any level below `error`. */
export type Level = 'fatal' | 'error' | 'quiet';

const LEVELS: Readonly<Record<string, Level>> = {
  ...{ FATAL: 'fatal', CRITICAL: 'fatal', CRIT: 'fatal', PANIC: 'fatal', EMERGENCY: 'fatal', ALERT: 'fatal' },
  ...{ ERROR: 'error', ERR: 'error', SEVERE: 'error', FAIL: 'error', EROR: 'error' },
  ...{ WARNING: 'quiet', WARN: 'quiet', INFO: 'quiet', NOTICE: 'quiet', DEBUG: 'quiet', TRACE: 'quiet' },
  ...{ SUCCESS: 'quiet', VERBOSE: 'quiet' },
};

/** Names of levels as an alternation for a regular expression, in capitals. */
export const LEVEL_NAMES = Object.keys(LEVELS).join('|');

/** Numbers that pino and bunyan give to errors and to fatal errors. */
const ERROR_NUMBER = 50;
const FATAL_NUMBER = 60;

/** Reads the level of a log record; null: it is no level. An unknown name is `quiet`. */
export function readLevelName(level: unknown): Level | null {
  if (typeof level === 'number') return level >= FATAL_NUMBER ? 'fatal' : level >= ERROR_NUMBER ? 'error' : 'quiet';
  return typeof level === 'string' ? (LEVELS[level.toUpperCase()] ?? 'quiet') : null;
}
