import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { SystemClock } from '../../../src/config';
import { Diagnostician, RunLog, type LogMark } from '../../../src/healing/diagnosis';
import { makeTempFolder, type TempFolder } from '../../support/temp-folder';

const SECRET = 'sk-very-secret-value';

/** Programs of the real interpreters, their output written as PM2's daemon writes it. */
describe('a diagnosis of what real programs say as they end', () => {
  let folder: TempFolder;
  let log: RunLog;
  let diagnostician: Diagnostician;

  beforeEach(() => {
    folder = makeTempFolder();
    log = new RunLog(folder.at('.'), () => undefined);
    diagnostician = new Diagnostician(log, new SystemClock());
  });
  afterEach(() => {
    folder.remove();
  });

  const errorLog = () => folder.at('agent-error.log');

  /** Runs a program as a run of the agent; @returns what it ended with */
  function run(interpreter: string, program: string, env: Record<string, string> = {}) {
    const file = folder.at(interpreter === 'node' ? 'program.mjs' : 'program.py');
    writeFileSync(file, program);
    const { status, signal, stdout, stderr } = spawnSync(interpreter, [file], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, ...env },
      timeout: 30_000,
    });
    appendFileSync(folder.at('agent-out.log'), stdout);
    appendFileSync(errorLog(), stderr);
    return { exitCode: status, signal };
  }

  const gather = (end: { exitCode: number | null; signal: string | null }, mark: LogMark, secrets: string[] = []) =>
    diagnostician.gather({ agentId: 'agent', ...end, mark, secrets });

  async function diagnosed(interpreter: string, program: string, env: Record<string, string> = {}) {
    const mark = await log.mark('agent');
    return gather(run(interpreter, program, env), mark, Object.values(env));
  }

  const PYTHON: readonly (readonly [string, string, string, string])[] = [
    ['a missing module', 'import no_such_module_1', 'missing-dependency', "No module named 'no_such_module_1'"],
    ['a name that a module lacks', 'from os import no_such_name', 'missing-dependency', 'cannot import name'],
    [
      'a port in use',
      'import socket\na = socket.socket(); a.bind(("127.0.0.1", 0))\nb = socket.socket(); b.bind(a.getsockname())',
      'port-in-use',
      'Address already in use',
    ],
    ['no memory', 'raise MemoryError()', 'out-of-memory', 'MemoryError'],
    [
      'a setting that is not there',
      'import os\nos.environ["DATABASE_URL"]',
      'configuration',
      "KeyError: 'DATABASE_URL'",
    ],
    ['a key that is not there', 'import os\nos.environ["OPENAI_API_KEY"]', 'credentials', 'OPENAI_API_KEY'],
    [
      'wrong arguments',
      'import argparse\np = argparse.ArgumentParser(); p.add_argument("x"); p.parse_args()',
      'configuration',
      'required: x',
    ],
    [
      'a refused connection',
      'import socket\ns = socket.socket(); s.bind(("127.0.0.1", 0)); t = socket.socket(); t.connect(s.getsockname())',
      'network',
      'ConnectionRefusedError',
    ],
    ['a name that resolves nowhere', 'import socket\nsocket.getaddrinfo("nowhere.invalid", 80)', 'network', 'gaierror'],
    [
      'a rate limit of a library',
      'import types, sys\nm = types.ModuleType("openai"); m.RateLimitError = type("RateLimitError", (Exception,), {"__module__": "openai"})\nraise m.RateLimitError("Error code: 429 - slow down")',
      'rate-limited',
      'openai.RateLimitError',
    ],
    [
      'a refused key of a library',
      'E = type("AuthenticationError", (Exception,), {"__module__": "openai"})\nraise E("Error code: 401 - Incorrect API key provided")',
      'credentials',
      'AuthenticationError',
    ],
    [
      'any other exception',
      'def f():\n    raise ValueError("the very reason")\nf()',
      'unhandled-exception',
      'ValueError: the very reason',
    ],
    ['an error of syntax', 'def f(:\n  pass', 'unhandled-exception', 'SyntaxError'],
    [
      'a plain exit code',
      'import sys\nprint("bye", file=sys.stderr)\nsys.exit(3)',
      'unknown',
      'ended with exit code 3',
    ],
    ['exit code 0', 'print("done")', 'clean-exit', 'ended with exit code 0'],
    [
      'what another exception caused',
      'import socket\nclass APIError(Exception): pass\ntry:\n    raise ConnectionRefusedError(111, "refused")\nexcept OSError as error:\n    raise APIError("call failed") from error',
      'network',
      'APIError: call failed',
    ],
    [
      'an error after one that was handled, a hundred lines before',
      'import logging, sys\ntry:\n    import no_such_module_2\nexcept ImportError:\n    logging.exception("going on")\nfor n in range(100): print("line", n, file=sys.stderr)\nraise ValueError("the fatal one")',
      'unhandled-exception',
      'ValueError: the fatal one',
    ],
    [
      'an exit of its own after an error that was handled',
      'import logging, sys\ntry:\n    import no_such_module_2\nexcept ImportError:\n    logging.exception("going on")\nfor n in range(20): print("line", n, file=sys.stderr)\nsys.exit(4)',
      'unknown',
      'ended with exit code 4',
    ],
  ];

  it.each(PYTHON)('Python: %s', async (_, program, cause, line) => {
    const found = await diagnosed('python3', program);
    expect(found.cause).toBe(cause);
    expect(found.line).toContain(line);
  });

  const NODE: readonly (readonly [string, string, string, string])[] = [
    ['a missing package', 'import "no-such-package"', 'missing-dependency', "Cannot find package 'no-such-package'"],
    [
      'a missing module',
      'import { createRequire } from "node:module"; createRequire(import.meta.url)("./nowhere.js")',
      'missing-dependency',
      'Cannot find module',
    ],
    [
      'a port in use',
      'import net from "node:net"; const a = net.createServer().listen(0, () => net.createServer().listen(a.address().port))',
      'port-in-use',
      'EADDRINUSE',
    ],
    [
      'a refused connection',
      'import net from "node:net"; const a = net.createServer().listen(0, () => { const { port } = a.address(); a.close(() => net.connect(port)); })',
      'network',
      'ECONNREFUSED',
    ],
    ['a fetch in vain', 'await fetch("http://nowhere.invalid/")', 'network', 'fetch failed'],
    [
      'an exception',
      'function f() { throw new TypeError("the very reason") }\nf()',
      'unhandled-exception',
      'TypeError: the very reason',
    ],
    ['a rejection', 'Promise.reject(new Error("nobody cared"))', 'unhandled-exception', 'Error: nobody cared'],
    [
      'an error of an SDK',
      'class RateLimitError extends Error { status = 429 }\nthrow new RateLimitError("429 slow down")',
      'rate-limited',
      'slow down',
    ],
    ['an error of syntax', 'const = 1', 'unhandled-exception', 'SyntaxError'],
    ['a plain exit code', 'console.error("bye"); process.exitCode = 5', 'unknown', 'ended with exit code 5'],
  ];

  it.each(NODE)('Node: %s', async (_, program, cause, line) => {
    const found = await diagnosed('node', program);
    expect(found.cause).toBe(cause);
    expect(found.line).toContain(line);
  });

  it('a signal is told as what it is', async () => {
    const found = await diagnosed('python3', 'import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)');
    expect(found).toMatchObject({ cause: 'killed-by-signal', signal: 'SIGSEGV', exitCode: null });
  });

  it('secrets of its environment are masked, wherever they stand', async () => {
    const program = 'import os\nraise ValueError("key " + os.environ["MY_KEY"] + " is not good")';
    const found = await diagnosed('python3', program, { MY_KEY: SECRET });
    expect(found.line).toBe('ValueError: key *** is not good');
    expect(JSON.stringify(found)).not.toContain(SECRET);
  });

  describe('the log of this run alone', () => {
    const OTHER = "ModuleNotFoundError: No module named 'of-long-ago'\n";
    const FATAL = 'raise ValueError("this one")';

    it('not 5,000 older lines', async () => {
      writeFileSync(errorLog(), OTHER.repeat(5_000));
      expect((await diagnosed('python3', FATAL)).line).toBe('ValueError: this one');
    });

    it('nor the lines of an earlier run where this one says nothing', async () => {
      writeFileSync(errorLog(), `Traceback (most recent call last):\n  File "x"\n${OTHER}`);
      expect(await diagnosed('python3', 'import os\nos._exit(7)')).toMatchObject({
        ...{ cause: 'unknown', line: 'ended with exit code 7' },
      });
    });

    it('through a rotation by name in between', async () => {
      writeFileSync(errorLog(), OTHER.repeat(50));
      const mark = await log.mark('agent');
      const end = run('python3', FATAL);
      renameSync(errorLog(), folder.at('agent-error__2026.log'));
      writeFileSync(errorLog(), '');
      expect((await gather(end, mark)).line).toBe('ValueError: this one');
    });

    it('through a truncation in place', async () => {
      writeFileSync(errorLog(), OTHER.repeat(500));
      const mark = await log.mark('agent');
      truncateSync(errorLog(), 0);
      expect((await gather(run('python3', FATAL), mark)).line).toBe('ValueError: this one');
    });

    it('the last 64 kB of what is very long', async () => {
      const mark = await log.mark('agent');
      writeFileSync(errorLog(), 'x'.repeat(5_000_000));
      appendFileSync(errorLog(), '\n');
      expect((await gather(run('python3', FATAL), mark)).line).toBe('ValueError: this one');
      expect((await log.since('agent', mark)).stderr.length).toBeLessThanOrEqual(65_536);
    });

    it('that comes a moment after the exit was told', async () => {
      const mark = await log.mark('agent');
      const end = run('python3', FATAL);
      const said = readFileSync(errorLog(), 'utf8');
      writeFileSync(errorLog(), '');
      setTimeout(() => {
        appendFileSync(errorLog(), said);
      }, 60);
      expect((await gather(end, mark)).line).toBe('ValueError: this one');
    });

    it('never what a link leads to', async () => {
      const mark = await log.mark('agent');
      const end = run('python3', FATAL);
      unlinkSync(errorLog());
      writeFileSync(folder.at('elsewhere'), `Traceback (most recent call last):\n${OTHER}`);
      symlinkSync(folder.at('elsewhere'), errorLog());
      expect(await gather(end, mark)).toMatchObject({ cause: 'unknown' });
      expect(path.basename(errorLog())).toBe('agent-error.log');
    });
  });
});
