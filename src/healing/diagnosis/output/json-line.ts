import { z } from 'zod';
import { readLevelName, type Level } from './log-level';

/** Longer records are not parsed. */
const RECORD_LENGTH = 200_000;
/** Most lines of a message, the first ones, and of an error, the last ones. */
const MESSAGE_LINES = 100;
const ERROR_LINES = 1_000;

/** Log record that a program printed as one line of JSON. */
export interface JsonRecord {
  readonly level: Level;
  readonly at: number | null;
  /** The message, then the error with its stack or traceback, a line each; never empty. */
  readonly words: readonly string[];
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Names that loggers give to the parts of a record: pino, bunyan, winston, structlog, python-json-logger, zerolog, zap,
 * slog, logback, the Elastic schema (`log.level`), Serilog (`@l`).
 */
const NAMES = {
  level: ['level', 'severity', 'levelname', 'lvl', 'log_level', 'log.level', '@l'],
  message: ['msg', 'message', 'event', 'text', '@m', '@mt'],
  time: ['time', 'timestamp', 'ts', 'asctime', '@timestamp', '@t'],
  trace: ['exc_info', 'exception', 'traceback', 'stack_trace', 'error.stack_trace', 'stack', '@x'],
  error: ['err', 'error', 'exception', 'reason'],
} as const;

const textSchema = z.string().min(1);
const recordSchema = z.record(z.string(), z.unknown());

/** Returns null if the line is not a log record. */
export function expandJson(line: string): JsonRecord | null {
  if (!line.startsWith('{') || !line.endsWith('}') || line.length > RECORD_LENGTH) return null;
  const record = parseRecord(line);
  if (record === null) return null;
  const trace = firstText(record, NAMES.trace);
  // python-json-logger writes no level by default.
  const level = readLevelName(firstOf(record, NAMES.level)) ?? (trace === null ? null : 'error');
  const message = firstText(record, NAMES.message);
  if (level === null || (message === null && firstOf(record, NAMES.error) === undefined)) return null;
  const error = level === 'quiet' ? null : (trace ?? readError(record));
  const words = [...linesOf(message).slice(0, MESSAGE_LINES), ...linesOf(error).slice(-ERROR_LINES)];
  return { level, at: readTime(firstOf(record, NAMES.time)), words: words.length === 0 ? [line] : words };
}

function parseRecord(line: string): Members | null {
  try {
    const { data } = recordSchema.safeParse(JSON.parse(line));
    return data === undefined ? null : flatten(data);
  } catch {
    return null;
  }
}

/** Brings the members of loguru (`record`) and of Rust's tracing (`fields`) to the top. */
function flatten(data: Members): Members {
  const fields = recordSchema.safeParse(data.fields).data;
  if (fields !== undefined) return { ...data, ...fields };
  const record = recordSchema.safeParse(data.record).data;
  const level = recordSchema.safeParse(record?.level).data?.name;
  if (record === undefined || level === undefined) return data;
  const time = recordSchema.safeParse(record.time).data?.timestamp;
  // The text has the traceback below the first line.
  const text = firstText(data, ['text'])?.split('\n').slice(1).join('\n').trim();
  return { level, message: record.message, time, exc_info: text };
}

/** Returns the text of the error that a record carries. */
function readError(record: Members): string | null {
  for (const name of NAMES.error) {
    const value = record[name];
    // structlog lists an error before its causes.
    const text = readErrorValue(Array.isArray(value) ? value[0] : value);
    if (text !== null) return text;
  }
  return null;
}

function readErrorValue(error: unknown): string | null {
  if (typeof error === 'string' && error !== '') return error;
  const { data } = recordSchema.safeParse(error);
  if (data === undefined) return null;
  const named = [firstText(data, ['type', 'name', 'exc_type']), firstText(data, ['message', 'msg', 'exc_value'])];
  const head = named.filter((each) => each !== null).join(': ');
  const text = firstText(data, ['stack', 'stacktrace', 'stack_trace']) ?? (head === '' ? null : head);
  const code = firstText(data, ['code']);
  return text === null || code === null ? text : `${text}\n    code: '${code}'`;
}

function linesOf(text: string | null): string[] {
  return text?.split('\n') ?? [];
}

function firstOf(record: Members, names: readonly string[]): unknown {
  return names.map((name) => record[name]).find((value) => value !== undefined && value !== null);
}

function firstText(record: Members, names: readonly string[]): string | null {
  const texts = names.map((name) => textSchema.safeParse(record[name]).data);
  return texts.find((text) => text !== undefined) ?? null;
}

/** Reads seconds, milliseconds, microseconds or nanoseconds since the epoch, or a date. */
function readTime(value: unknown): number | null {
  if (typeof value === 'number') {
    if (value < 1e11) return value * 1_000;
    return value < 1e14 ? value : value / (value < 1e17 ? 1e3 : 1e6);
  }
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
