import { readReason } from './reason';

const read = (...lines: readonly string[]) => readReason(`${lines.join('\n')}\n`).block;

describe('a runtime that gives up', () => {
  it.each([
    [
      'Go',
      ['panic: x', '', 'goroutine 1 [running]:', 'main.main()', '\t/srv/a.go:4 +0x1', 'exit status 2'],
      'panic: x',
    ],
    [
      'Go, of all goroutines',
      ['fatal error: all goroutines are asleep - deadlock!', '', 'goroutine 1 [select]:'],
      'fatal error: all goroutines are asleep - deadlock!',
    ],
    [
      'Rust',
      ["thread 'main' panicked at src/main.rs:4:5:", 'x', 'note: run with `RUST_BACKTRACE=1`'],
      "thread 'main' panicked at src/main.rs:4:5: x",
    ],
    [
      'older Rust',
      ["thread 'main' panicked at 'x', src/main.rs:4:5", 'note: run with x'],
      "thread 'main' panicked at 'x', src/main.rs:4:5",
    ],
    [
      'Rust, with a backtrace',
      [
        "thread 'main' (812) panicked at a.rs:4:5:",
        'x',
        'stack backtrace:',
        '   0: f',
        '             at /a.rs:1:5',
        'note: Some details are omitted',
      ],
      "thread 'main' (812) panicked at a.rs:4:5: x",
    ],
    ['Rust, by the result of main', ['Error: x', '', 'Caused by:', '    0: y', '    1: z'], 'Error: x'],
    ['Ruby', ["a.rb:4:in `main': x (RuntimeError)", "\tfrom a.rb:9:in `<main>'"], "a.rb:4:in `main': x (RuntimeError)"],
    [
      'PHP',
      [
        'PHP Fatal error:  Uncaught Exception: x in /a.php:4',
        'Stack trace:',
        '#0 {main}',
        '  thrown in /a.php on line 4',
      ],
      'PHP Fatal error:  Uncaught Exception: x in /a.php:4',
    ],
    ['Elixir', ['** (RuntimeError) x', '    a.exs:4: (file)'], '** (RuntimeError) x'],
    [
      'C++',
      ["terminate called after throwing an instance of 'std::runtime_error'", '  what():  x'],
      "terminate called after throwing an instance of 'std::runtime_error' what():  x",
    ],
    [
      'V8',
      ['FATAL ERROR: Reached heap limit', '----- Native stack trace -----', '', ' 1: 0xb8 node::Abort()'],
      'FATAL ERROR: Reached heap limit',
    ],
    [
      'Python',
      [
        'Fatal Python error: Segmentation fault',
        '',
        'Current thread 0x7f (most recent call first):',
        '  File "a.py", line 4 in f',
        '',
        'Extension modules: a (total: 1)',
      ],
      'Fatal Python error: Segmentation fault',
    ],
    [
      'Node, of a promise',
      [
        '[UnhandledPromiseRejection: the reason "x".] {',
        "  code: 'ERR_UNHANDLED_REJECTION'",
        '}',
        '',
        'Node.js v20.20.2',
      ],
      '[UnhandledPromiseRejection: the reason "x".] {',
    ],
    [
      'Spring',
      [
        '***************************',
        'APPLICATION FAILED TO START',
        '***************************',
        '',
        'Description:',
        '',
        'Web server failed to start.',
        '',
        'Action:',
        '',
        'Stop it.',
      ],
      'Web server failed to start.',
    ],
  ])('of %s names the reason', (_, lines, line) => {
    expect(read('polling', ...lines)).toMatchObject({ standing: 'fatal', line });
  });

  it('keeps what an error was caused by', () => {
    expect(read('Error: x', '', 'Caused by:', '    0: y', '    1: z')?.details).toEqual(['0: y', '1: z']);
  });

  it('of Go may use several lines, and a stack of any length', () => {
    const stack = Array.from({ length: 60 }, () => ['main.f(...)', '\t/srv/a.go:4 +0x1']).flat();
    expect(read('panic: x', 'second line', '', 'goroutine 1 [running]:', ...stack)).toMatchObject({
      line: 'panic: x',
      details: ['second line'],
    });
  });

  it.each([
    ['words about an error', ['Error: x', 'see the manual']],
    ['a panic of a song', ['panic at the disco']],
  ])('is not taken from %s', (_, lines) => {
    expect(read(...lines)).toBeNull();
  });
});

describe('a panic of another thread of Rust', () => {
  const PANIC = ["thread 'tokio-runtime-worker' panicked at a.rs:4:5:", 'poll failed', 'note: run with x'];

  it('does not end the program: words about another error tell the reason', () => {
    expect(read(...PANIC, 'Error: the queue is sealed')).toBeNull();
  });

  it('is the reason if nothing else is', () => {
    expect(read(...PANIC)).toMatchObject({ standing: 'aside', line: `${PANIC[0] ?? ''} poll failed` });
  });
});
