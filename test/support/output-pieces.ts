import { FATAL_OUTPUTS } from './fatal-outputs';

const HANDLED = Object.values(FATAL_OUTPUTS)
  // Runtimes print these only as they exit.
  .filter(({ text }) => !/^(?:panic|thread|PHP|\S+\.rb|Exception in thread)|Node\.js v/m.test(text))
  .map(({ text }) => text);

const LOG_LINES = [
  '2026-03-02 10:00:01,123 INFO app.main: polling',
  'INFO:     127.0.0.1:5000 - "GET /health HTTP/1.1" 200 OK',
  '[2026-03-02 10:00:01] [812] [INFO] tick',
  '{"level":30,"time":1772445601000,"msg":"tick"}',
  'level=info msg="tick"',
  'fetched 20 rows',
];

/** Reports that a program wrote and outlived: an error, then five lines of its usual log or more. */
export const HANDLED_ERRORS: readonly string[] = [
  ...HANDLED.flatMap((text, index) => [
    text + LOG_LINES.join('\n') + '\n',
    `WARNING retry ${index}\n${text}${'polling again\n'.repeat(13)}`,
  ]),
];

/** Single lines that look like parts of a report. */
export const LINES: readonly string[] = [
  ...LOG_LINES,
  ...['Error: x', 'ValueError: x', 'HTTP 429', 'panicked', '    at f (a.js:1:1)', '  File "a.py", line 1, in f'],
  ...['', '   ', '    indented', '{', '}', '  }', '|', '  | x', '  +----------------', '╭── title ──╮', '│ words │'],
  ...['^^^^', 'ERROR could not reach the broker', 'CRITICAL x', 'Caused by: x', '\tat a.b.C.d(C.java:1)', '...'],
  ...['Node.js v20.1.0', 'npm error code 1', 'Traceback', '- /srv/a.js', '#0 {main}', 'exit status 2', '50%\r100%'],
  ...['\u001b[31mred\u001b[0m', 'shutting down', 'throw new Error("x")', 'status: 401', '[cause]: Error: x', '"level"'],
];

/** Lines that runtimes, wrappers and libraries print after the error that ends a program. */
export const NOISE: Readonly<Record<string, string>> = {
  npm: 'npm error code ELIFECYCLE\nnpm error errno 1\nnpm ERR! app@1.0.0 start: `node main.js`\nnpm ERR! Exit status 1\n',
  'npm workspaces':
    'npm error Lifecycle script `start` failed with error:\nnpm error code 1\nnpm error path /srv/app\nnpm error workspace app@1.0.0\nnpm error command failed\nnpm error command sh -c node main.js\n',
  yarn: 'error Command failed with exit code 1.\ninfo Visit https://yarnpkg.com/en/docs/cli/run for documentation about this command.\n',
  pnpm: ' ELIFECYCLE  Command failed with exit code 1.\n',
  'pnpm -r': '/srv/app:\n ERR_PNPM_RECURSIVE_RUN_FIRST_FAIL  app@1.0.0 start: `node main.js`\nExit status 1\n',
  bun: 'error: script "start" exited with code 1\n',
  make: 'make: *** [Makefile:4: run] Error 1\n',
  uvicorn: 'ERROR:    Application startup failed. Exiting.\n',
  'uvicorn that stops':
    'INFO:     Shutting down\nINFO:     Waiting for application shutdown.\nINFO:     Application shutdown complete.\nINFO:     Finished server process [812]\nINFO:     Stopping reloader process [811]\n',
  gunicorn:
    '[2026-03-02 10:00:05 +0000] [812] [INFO] Worker exiting (pid: 812)\n[2026-03-02 10:00:05 +0000] [811] [ERROR] Worker (pid:812) exited with code 3\n[2026-03-02 10:00:05 +0000] [811] [ERROR] Shutting down: Master\n[2026-03-02 10:00:05 +0000] [811] [ERROR] Reason: Worker failed to boot.\n',
  asyncio:
    "Task was destroyed but it is pending!\ntask: <Task pending name='Task-2' coro=<poll() running at /srv/a.py:4> wait_for=<Future pending cb=[Task.task_wakeup()]>>\n",
  'asyncio through a logger':
    "ERROR:asyncio:Task was destroyed but it is pending!\ntask: <Task pending name='Task-2' coro=<poll() running at /srv/a.py:4>>\n",
  'a coroutine': "sys:1: RuntimeWarning: coroutine 'poll' was never awaited\n",
  'a coroutine with its line':
    "/srv/a.py:4: RuntimeWarning: coroutine 'poll' was never awaited\n  main()\nRuntimeWarning: Enable tracemalloc to get the object allocation traceback\n",
  aiohttp:
    "Unclosed client session\nclient_session: <aiohttp.client.ClientSession object at 0x7f>\nUnclosed connector\nconnections: ['deque([(<aiohttp.client_proto.ResponseHandler object at 0x7f>, 4.1)])']\nconnector: <aiohttp.connector.TCPConnector object at 0x7f>\n",
  'aiohttp through a logger':
    '2026-03-02 10:00:05,000 ERROR asyncio: Unclosed client session\nclient_session: <aiohttp.client.ClientSession object at 0x7f>\n',
  Sentry: 'Sentry is attempting to send 2 pending events\nWaiting up to 2 seconds\nPress Ctrl-C to quit\n',
  resource_tracker:
    "/usr/lib/python3.11/multiprocessing/resource_tracker.py:224: UserWarning: resource_tracker: There appear to be 6 leaked semaphore objects to clean up at shutdown\n  warnings.warn('resource_tracker: There appear to be %d '\n",
  'an unclosed socket':
    '/srv/a.py:9: ResourceWarning: unclosed <socket.socket fd=7, family=2, type=1, proto=6>\n  sock = None\nResourceWarning: Enable tracemalloc to get the object allocation traceback\n',
  'an ignored exception':
    "Exception ignored in: <function Client.__del__ at 0x7f>\nTraceback (most recent call last):\n  File \"/srv/a.py\", line 4, in __del__\n    self.close()\nAttributeError: 'Client' object has no attribute 'sock'\n",
  'an exception ignored at the exit':
    'Exception ignored in atexit callback <function stop at 0x7f>:\nTraceback (most recent call last):\n  File "/srv/a.py", line 4, in stop\n    raise RuntimeError(1)\nRuntimeError: 1\n',
  'an ignored exception of several lines':
    'Exception ignored in: <coroutine object poll at 0x7f>\nTraceback (most recent call last):\n  File "/srv/a.py", line 4, in poll\n    await x\nRuntimeError: Event loop is closed\nTask was destroyed but it is pending!\ntask: <Task pending name=\'Task-9\' coro=<poll()>>\n',
  atexit:
    'Error in atexit._run_exitfuncs:\nTraceback (most recent call last):\n  File "/srv/a.py", line 4, in stop\nRuntimeError: can\'t start new thread\n',
  'a closed log':
    '--- Logging error ---\nTraceback (most recent call last):\n  File "/usr/lib/python3.11/logging/__init__.py", line 1113, in emit\n    stream.write(msg + self.terminator)\nValueError: I/O operation on closed file.\nCall stack:\n  File "/srv/a.py", line 4, in stop\n    log.info("bye")\nMessage: \'bye %s\'\nArguments: (7,)\n',
  'a task without an owner':
    'Task exception was never retrieved\nfuture: <Task finished name=\'Task-3\' coro=<poll() done> exception=OSError(5)>\nTraceback (most recent call last):\n  File "/srv/a.py", line 4, in poll\n    read()\nOSError: 5\n',
  'a task without an owner, through a logger':
    'ERROR:asyncio:Task exception was never retrieved\nfuture: <Task finished name=\'Task-3\' coro=<poll() done> exception=OSError(5)>\nTraceback (most recent call last):\n  File "/srv/a.py", line 4, in poll\n    read()\nOSError: 5\n',
  'a farewell': 'Shutting down...\nBye!\n',
  'a farewell of a logger': '2026-03-02 10:00:05,000 INFO app.main: server stopped\n',
  'a shell': 'Aborted (core dumped)\n',
  docker: 'app-1 exited with code 1\n',
  'blank lines': '\n\n   \n',
};
