import type { FailureCause } from '../../src/kernel';

/** Last output of a program that an error ended, and what is right to say about it. */
export interface FatalOutput {
  readonly text: string;
  readonly cause: FailureCause;
  /** Line for the operator. */
  readonly line: string;
}

const FRAMES =
  '  File "/srv/app/main.py", line 41, in <module>\n    main()\n  File "/srv/app/main.py", line 7, in main\n';
const HEAD = 'Traceback (most recent call last):\n';

const PINO = {
  ...{ level: 60, time: 1_772_445_600_000, pid: 4, hostname: 'h', msg: 'cannot start' },
  err: { type: 'Error', message: 'queue is sealed', stack: 'Error: queue is sealed\n    at main (/srv/a.js:1:2)' },
};

/** One output for each form in which runtimes report the error that ends a program. */
export const FATAL_OUTPUTS: Readonly<Record<string, FatalOutput>> = {
  'a traceback of Python': {
    text: `${HEAD}${FRAMES}ValueError: the queue is sealed\n`,
    ...{ cause: 'unhandled-exception', line: 'ValueError: the queue is sealed' },
  },
  'a traceback with a message of several lines': {
    text: `${HEAD}${FRAMES}app.errors.Refused: nothing to do\nfirst reason\n  second reason\n`,
    ...{ cause: 'unhandled-exception', line: 'app.errors.Refused: nothing to do' },
  },
  'a traceback with its cause': {
    text: `${HEAD}${FRAMES}ConnectionRefusedError: [Errno 111] Connection refused\n\nThe above exception was the direct cause of the following exception:\n\n${HEAD}${FRAMES}app.StoreError: the store is away\n`,
    cause: 'network',
    line: 'app.StoreError: the store is away (caused by ConnectionRefusedError: [Errno 111] Connection refused)',
  },
  'a traceback within the handling of another error': {
    text: `${HEAD}${FRAMES}KeyError: 'seat'\n\nDuring handling of the above exception, another exception occurred:\n\n${HEAD}${FRAMES}ModuleNotFoundError: No module named 'seats'\n`,
    ...{ cause: 'missing-dependency', line: "ModuleNotFoundError: No module named 'seats'" },
  },
  'a group of exceptions': {
    text: [
      '  + Exception Group Traceback (most recent call last):',
      '  |   File "/srv/app/main.py", line 41, in <module>',
      '  |     main()',
      '  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)',
      '  +-+---------------- 1 ----------------',
      '    | Traceback (most recent call last):',
      '    |   File "/srv/app/main.py", line 7, in main',
      '    |     serve()',
      "    | OSError: [Errno 98] error while attempting to bind on address ('0.0.0.0', 80): address already in use",
      '    +------------------------------------\n',
    ].join('\n'),
    cause: 'port-in-use',
    line: "OSError: [Errno 98] error while attempting to bind on address ('0.0.0.0', 80): address already in use",
  },
  'a traceback that a logger printed': {
    text: `2026-03-02 10:00:00,000 ERROR app.main: giving up\n${HEAD}${FRAMES}ValueError: the queue is sealed\n`,
    ...{ cause: 'unhandled-exception', line: 'ValueError: the queue is sealed' },
  },
  'a traceback in a box': {
    text: [
      '╭───────────────────── Traceback (most recent call last) ──────────────────────╮',
      '│ /srv/app/main.py:41 in <module>                                              │',
      '│                                                                              │',
      '│   40 def main():                                                             │',
      '│ ❱ 41 │   serve()                                                             │',
      '╰──────────────────────────────────────────────────────────────────────────────╯',
      'ValueError: the queue is sealed\n',
    ].join('\n'),
    ...{ cause: 'unhandled-exception', line: 'ValueError: the queue is sealed' },
  },
  'an uncaught error of Node': {
    text: [
      '/srv/app/main.js:41',
      "    throw new TypeError('the queue is sealed');",
      '    ^',
      '',
      'TypeError: the queue is sealed',
      '    at main (/srv/app/main.js:41:11)',
      '    at node:internal/main/run_main_module:28:49',
      '',
      'Node.js v20.20.2\n',
    ].join('\n'),
    ...{ cause: 'unhandled-exception', line: 'TypeError: the queue is sealed' },
  },
  'an error of Node with members': {
    text: [
      'node:events:497',
      '      throw er; // Unhandled error event',
      '      ^',
      '',
      'Error: listen EADDRINUSE: address already in use :::8080',
      '    at Server.setupListenHandle [as _listen2] (node:net:1937:16)',
      "Emitted 'error' event on Server instance at:",
      '    at emitErrorNT (node:net:1916:8) {',
      "  code: 'EADDRINUSE',",
      '  errno: -98',
      '}',
      '',
      'Node.js v20.20.2\n',
    ].join('\n'),
    ...{ cause: 'port-in-use', line: 'Error: listen EADDRINUSE: address already in use :::8080' },
  },
  'an error of Node behind words of the program': {
    text: 'Fatal error in main(): TypeError: the queue is sealed\n    at main (file:///srv/app/main.mjs:41:11)\n',
    ...{ cause: 'unhandled-exception', line: 'Fatal error in main(): TypeError: the queue is sealed' },
  },
  'a panic of Go': {
    text: 'panic: the queue is sealed\n\ngoroutine 1 [running]:\nmain.main()\n\t/srv/app/main.go:41 +0x1d\nexit status 2\n',
    ...{ cause: 'unhandled-exception', line: 'panic: the queue is sealed' },
  },
  'a panic of Rust': {
    text: "thread 'main' panicked at src/main.rs:41:5:\nthe queue is sealed\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace\n",
    ...{ cause: 'unhandled-exception', line: "thread 'main' panicked at src/main.rs:41:5: the queue is sealed" },
  },
  'an exception of Java': {
    text: [
      'Exception in thread "main" java.lang.IllegalStateException: the queue is sealed',
      '\tat app.Main.main(Main.java:41)',
      'Caused by: java.net.ConnectException: Connection refused',
      '\tat app.Store.open(Store.java:7)',
      '\t... 1 more\n',
    ].join('\n'),
    cause: 'network',
    line: 'java.lang.IllegalStateException: the queue is sealed (caused by java.net.ConnectException: Connection refused)',
  },
  'a record of JSON': {
    text: `${JSON.stringify(PINO)}\n`,
    ...{ cause: 'unhandled-exception', line: 'Error: queue is sealed' },
  },
  'an error of Ruby': {
    text: "main.rb:41:in `main': the queue is sealed (RuntimeError)\n\tfrom main.rb:50:in `<main>'\n",
    ...{ cause: 'unhandled-exception', line: "main.rb:41:in `main': the queue is sealed (RuntimeError)" },
  },
  'an error of PHP': {
    text: 'PHP Fatal error:  Uncaught Exception: the queue is sealed in /srv/main.php:41\nStack trace:\n#0 {main}\n  thrown in /srv/main.php on line 41\n',
    cause: 'unhandled-exception',
    line: 'PHP Fatal error: Uncaught Exception: the queue is sealed in /srv/main.php:41',
  },
};
