import { readLines } from './output-line';

const NOON = Date.UTC(2026, 2, 2, 12);

const readLine = (text: string) => {
  const [line] = readLines(text);
  return line === undefined ? null : [line.level, line.words, line.at === null ? null : Math.trunc(line.at / 1_000)];
};

describe('the prefix of a logger is not a part of the words', () => {
  it.each([
    ['logging of Python', '2026-03-02 12:00:00,123 - app.main - ERROR - queue is sealed'],
    ['logging with a root logger', '2026-03-02 12:00:00,123 - root - ERROR - queue is sealed'],
    ['logging with a level first', '2026-03-02 12:00:00,123 ERROR app.main: queue is sealed'],
    ['logging with a name in brackets', '2026-03-02 12:00:00,123 [app.main] ERROR: queue is sealed'],
    ['discord.py', '2026-03-02 12:00:00 ERROR    discord.client: queue is sealed'],
    ['Flask', '[2026-03-02 12:00:00,123] ERROR in app: queue is sealed'],
    ['celery', '[2026-03-02 12:00:00,123: ERROR/MainProcess] queue is sealed'],
    ['loguru', '2026-03-02 12:00:00.123 | ERROR    | app.main:run:41 - queue is sealed'],
    ['structlog', '2026-03-02 12:00:00 [error    ] queue is sealed'],
    ['gunicorn', '[2026-03-02 12:00:00 +0000] [812] [ERROR] queue is sealed'],
    ['winston', '2026-03-02T12:00:00.123Z error: queue is sealed'],
    ['winston with a label', '2026-03-02T12:00:00.123Z [app] error: queue is sealed'],
    ['pino-pretty', '[2026-03-02 12:00:00.123 +0000] ERROR (app/812 on host): queue is sealed'],
    ['logrus', 'time="2026-03-02T12:00:00Z" level=error msg="queue is sealed"'],
    ['slog', 'time=2026-03-02T12:00:00.123Z level=ERROR msg="queue is sealed" id=4'],
    ['go-kit', 'ts=2026-03-02T12:00:00Z caller=main.go:41 level=error msg="queue is sealed"'],
    ['zap', '2026-03-02T12:00:00.123Z\tERROR\tapp/main.go:41\tqueue is sealed'],
    ['zap in lower case', '2026-03-02T12:00:00.123Z\terror\tmain.go:41\tqueue is sealed'],
    ['zerolog', '2026-03-02T12:00:00Z ERR queue is sealed'],
    ['Spring', '2026-03-02T12:00:00.123Z ERROR 812 --- [app] [main] o.s.boot.App : queue is sealed'],
    ['log4j', '2026-03-02 12:00:00,123 ERROR [main] app.Main - queue is sealed'],
    ['logback', '2026-03-02 12:00:00,123 [main] ERROR app.Main -- queue is sealed'],
    ['tracing', '2026-03-02T12:00:00.123456Z ERROR app::main: queue is sealed'],
    ['env_logger', '[2026-03-02T12:00:00Z ERROR app::main] queue is sealed'],
    ['Ruby', 'E, [2026-03-02T12:00:00.123 #812] ERROR -- : queue is sealed'],
  ])('%s', (_, text) => {
    expect(readLine(text)).toEqual(['error', 'queue is sealed', NOON / 1_000]);
  });

  it.each([
    ['logging by default', 'ERROR:app.main:queue is sealed', 'error'],
    ['uvicorn', 'ERROR:    queue is sealed', 'error'],
    ['rich', '[12:00:00] ERROR    queue is sealed                    main.py:41', 'error'],
    ['logback without a date', '12:00:00.123 [main] ERROR app.Main -- queue is sealed', 'error'],
    ['glog', 'E0302 12:00:00.123456     812 main.go:41] queue is sealed', 'error'],
    ['abseil before its start', 'F0000 00:00:1772445600.123456     812 main.cc:41] queue is sealed', 'fatal'],
    ['logrus on a terminal', 'FATA[0003] queue is sealed', 'fatal'],
    ['NestJS', '[Nest] 812  - 03/02/2026, 12:00:00 AM   ERROR [App] queue is sealed', 'error'],
    ['zerolog on a terminal', '12:00AM ERR queue is sealed', 'error'],
    ['a level in brackets', '[error] queue is sealed', 'error'],
    ['a level with a colon', 'FATAL: queue is sealed', 'fatal'],
    ['PostgreSQL', '2026-03-02 12:00:00.123 UTC [812] FATAL:  queue is sealed', 'fatal'],
  ])('%s', (_, text, level) => {
    expect(readLine(text)?.slice(0, 2)).toEqual([level, 'queue is sealed']);
  });

  it.each([
    ['INFO:     127.0.0.1:50000 - "GET / HTTP/1.1" 200 OK'],
    ['info: listening'],
    ['2026-03-02 12:00:00,123 - app.main - WARNING - slow'],
    ['WARN[0003] slow'],
    ['level=info msg="listening"'],
  ])('of a level below error is quiet: %s', (text) => {
    expect(readLine(text)?.[0]).toBe('quiet');
  });

  it('of logfmt is followed by the error', () => {
    const text = 'level=fatal msg="cannot start" err="dial tcp 127.0.0.1:5432: connect: connection refused"';
    expect(readLine(text)?.[1]).toBe('cannot start: dial tcp 127.0.0.1:5432: connect: connection refused');
  });
});

describe('words that look like a prefix', () => {
  it.each([
    ['Error: queue is sealed', null],
    ['error: unknown option --seat', null],
    ['fatal: not a git repository', null],
    ['FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory', 'fatal'],
    ['ERROR in ./src/index.ts', 'error'],
    ['[Errno 98] Address already in use', null],
    ['ERROR_QUEUE is sealed', null],
    ['KeyError: "level=error"', null],
    ['https://example.com/?level=error&msg=x', null],
  ])('stay: %s', (text, level) => {
    expect(readLine(text)?.slice(0, 2)).toEqual([level, text]);
  });

  it.each([
    ['ERROR:root:[Errno 98] Address already in use', '[Errno 98] Address already in use'],
    ['2026-03-02 12:00:00 ERROR [Errno 98] Address already in use', '[Errno 98] Address already in use'],
    ['2026-03-02 12:00:00 ERROR TypeError: x', 'TypeError: x'],
    ['ERROR:    http://localhost:11434 refused', 'http://localhost:11434 refused'],
  ])('stay behind a prefix: %s', (text, words) => {
    expect(readLine(text)?.[1]).toBe(words);
  });
});

describe('what a terminal shows', () => {
  it.each([
    ['has no colours', '\u001b[1;31mError\u001b[0m: x', 'Error: x'],
    ['has no links', '\u001b]8;;http://x\u0007link\u001b]8;;\u0007', 'link'],
    ['is what was written last on a line', ' 10%\r 50%\rfailed', 'failed'],
    ['has no line ends of Windows', 'Error: x\r', 'Error: x'],
    ['keeps the words in a box', '│ Error: x      │', 'Error: x'],
    ['keeps the indent in a box', '│   at f        │', '  at f'],
    ['keeps the title of a box', '╭──── Traceback (most recent call last) ────╮', 'Traceback (most recent call last)'],
    ['has no borders', '╰────────────────────╯', ''],
    ['keeps a bar that is no box', '│x', '│x'],
  ])('%s', (_, text, words) => {
    expect(readLines(text).map((line) => line.words)).toEqual([words]);
  });

  it('is cut if a line is long', () => {
    expect(readLines('x'.repeat(9_000))[0]?.words).toHaveLength(2_000);
  });

  it('is only the last lines of many', () => {
    const lines = readLines(`first\n${'x\n'.repeat(100_000)}last`);
    expect([lines.length, lines.at(-1)?.words]).toEqual([40_000, 'last']);
  });
});
