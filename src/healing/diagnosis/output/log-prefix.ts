import { LEVEL_NAMES, readLevelName, type Level } from './log-level';

/** Prefix that a logger printed before the words of a line. */
export interface LogPrefix {
  /** null: the line names no level. */
  readonly level: Level | null;
  /** Time that the line names, in milliseconds on the clock of its program; null: none, or one without a date. */
  readonly at: number | null;
  readonly words: string;
}

const DATE = String.raw`\d{4}[-/.]\d\d[-/.]\d\d[T _]?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?`;
const DATE_OF_MONTH = String.raw`\d{1,2}/\d{1,2}/\d{4}, \d{1,2}:\d\d:\d\d(?: [AP]M)?`;
const CLOCK_TIME = String.raw`\d\d:\d\d:\d\d(?:[.,]\d{1,6})?|\d{1,2}:\d\d[AP]M`;
const TIME = new RegExp(`^[\\[(]?(?:${DATE}|${DATE_OF_MONTH}|${CLOCK_TIME})[\\])]?[ \\t]*(?:[|:-][ \\t]*)?`);

/** Forms that begin with something else than a time or a level. The group is what names the level. */
const FORMS: readonly RegExp[] = [
  // glog, klog, abseil: `E0302 10:00:00.123456 812 main.go:41] words`
  /^([IWEF])\d{4} \d\d:\d\d:\d{2,10}(?:\.\d{1,6})?[ \t]+\d{1,10} [\w./-]{1,100}:\d{1,6}\] /,
  // logrus: `ERRO[0003] words`
  /^(DEBU|INFO|WARN|ERRO|FATA|PANI)\[\d{4,8}\] /,
  // Ruby: `E, [2026-03-02T10:00:00.123 #812] ERROR -- : words`
  /^([A-Z]), \[[^\]]{1,60}\][ \t]{1,4}[A-Z]{3,8} -- [\w.:]{0,80}: /,
  // NestJS: `[Nest] 812  - 03/02/2026, 10:00:00 AM   ERROR [App] words`
  /^\[Nest\] \d{1,10}[ \t]+- .{8,40}?[ \t]{2,}([A-Z]{3,8}) (?:\[[^\]]{1,60}\] )?/,
];
const SHORT_NAMES: Readonly<Record<string, Level>> = {
  ...{ F: 'fatal', FATA: 'fatal', PANI: 'fatal', E: 'error', ERRO: 'error' },
  ...{ W: 'quiet', I: 'quiet', D: 'quiet', DEBU: 'quiet', LOG: 'quiet' },
};

const NAME = String.raw`[\w$.:/<>-]{1,80}`;
/** Thread, process or name of a logger between a time and a level. */
const FIELD = `(?:\\[[^\\]\\[]{1,60}\\][ \\t]*[-|:]?[ \\t]*|\\([^)(]{1,60}\\)[ \\t]+|${NAME}(?:[ \\t]+[-|][ \\t]+|:[ \\t]+)|(?:root|[\\w$]{1,40}[._:/]${NAME})[ \\t]+)`;
const UPPER = `(${LEVEL_NAMES})\\b`;
/** In lower case they are words of the language, so that they need more around them. */
const LOWER = `(${LEVEL_NAMES.toLowerCase()})`;
const LEVEL_END = String.raw`(?:[ \t]*[\])>|])?(?:[ \t]*\([^)]{0,40}\))?(?:[ \t]*[:|][ \t]*|[ \t]+--?[ \t]+|[ \t]*)`;
/** `ERROR:`, `[ERROR]`, `ERROR (812):`, `[502] [ERROR]`, `[error]`. */
const LEVEL = new RegExp(
  `^(?:\\[[\\w./:-]{1,40}\\][ \\t]*){0,3}?(?:[\\[(<|]?[ \\t]*${UPPER}|\\[${LOWER}(?=[ \\t]{0,8}\\]))${LEVEL_END}`,
);
/** Behind a time also `error:`, `| error |`, and with fields between. */
const TIMED_LEVEL = new RegExp(
  `^${FIELD}{0,3}?[\\[(<|]?[ \\t]*(?:${UPPER}|${LOWER}(?=[ \\t]{0,8}[\\])>|:]|\\t| {2}))${LEVEL_END}`,
);
/** winston prints `info: words`. `error: words` may be words of the program. */
const PLAIN_QUIET = /^(?:info|warn|debug|verbose|trace): /;

/** Names that loggers print behind a level. Lower case, because `TypeError: ` is a part of the words. */
const LOGGERS: readonly RegExp[] = [
  // celery and env_logger: `/MainProcess] `, `app::main] `
  /^(?:\/\w{1,40}|[\w:.$-]{1,80})\]:?[ \t]+/,
  // Spring: `812 --- [main] o.s.boot.App : `
  /^\d{1,10}[ \t]+---[ \t]+(?:\[[^\]]{0,60}\][ \t]*){1,3}[\w.$/]{1,100}[ \t]*:[ \t]*/,
  // loguru and log4j: `app.worker:main:41 - `, `[main] app.Main - `
  /^(?:\[[\w ./:-]{1,60}\][ \t]*)?[\w$]{1,40}[.:][\w$.:<>]{1,120}[ \t]+--?[ \t]+/,
  // zap: `app/main.go:41 words`
  /^[\w./-]{1,100}\.(?:go|rs|py|[cm]?[jt]s|rb|java|kt|cc|cpp):\d{1,6}[\t :]+/,
  // Flask: `in app: `
  /^in [\w.]{1,60}: /,
  /^(?:[a-z_][\w$]{0,40}(?:\.|::)){0,8}[a-z_]\w{0,40}:[ \t]{1,4}(?=\S)/,
];
/** Name of a logger in the default format of Python's logging, `ERROR:app.main:words`. */
const BASIC_LOGGER = /^[\w.]{1,80}:(?!\/\/)(?=\S)/;
/** Place in the source that rich prints in a column at the right. */
const SOURCE_COLUMN = /[ \t]{2,40}[\w.-]{1,60}\.py:\d{1,6}$/;

/** Splits off what a logger printed before the words of a line. */
export function readPrefix(line: string): LogPrefix {
  for (const form of FORMS) {
    const match = form.exec(line);
    if (match !== null) return { level: levelOf(match[1]), at: readTime(match[0]), words: line.slice(match[0].length) };
  }
  const time = TIME.exec(line);
  const timed = time === null ? line : line.slice(time[0].length);
  const at = time === null ? null : readTime(time[0]);
  const match = (time === null ? LEVEL : TIMED_LEVEL).exec(timed);
  if (match === null)
    return { level: PLAIN_QUIET.test(timed) ? 'quiet' : null, at, words: timed === '' ? line : timed };
  const prefix = match[0];
  const rest = timed.slice(prefix.length);
  // `FATAL ERROR: heap out of memory` and `ERROR in ./src/index.ts` are words, not prefixes.
  const isPrefix = time !== null || rest === '' || /(?:[\])>|:-][ \t]*|[ \t]{2})$/.test(prefix);
  const words = isPrefix ? removeLogger(prefix, rest) : timed;
  return { level: levelOf(match[1] ?? match[2]), at, words: words === '' ? line : words };
}

function removeLogger(prefix: string, rest: string): string {
  if (prefix.endsWith(':') && BASIC_LOGGER.test(rest)) return rest.replace(BASIC_LOGGER, '');
  const logger = LOGGERS.find((each) => each.test(rest));
  return (logger === undefined ? rest : rest.replace(logger, '')).replace(SOURCE_COLUMN, '');
}

function levelOf(name = ''): Level | null {
  return SHORT_NAMES[name] ?? readLevelName(name);
}

function readTime(prefix: string): number | null {
  const date = /(\d{4})[-/.](\d\d)[-/.](\d\d)[T _]?(\d\d):(\d\d):(\d\d)/.exec(prefix);
  if (date === null) return null;
  const [, year, month, day, hour, minute, second] = date.map(Number);
  const at = Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
  return Number.isNaN(at) ? null : at;
}
