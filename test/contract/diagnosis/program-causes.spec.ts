import { useDiagnosedPrograms } from '../../support/diagnosed-programs';

/** Runs failing programs in real interpreters. */
describe('the diagnosis of an exit', () => {
  const { diagnose } = useDiagnosedPrograms();

  const PYTHON: readonly (readonly [string, string, string, string])[] = [
    ['a missing module', 'import no_such_module_1', 'missing-dependency', "No module named 'no_such_module_1'"],
    ['a missing name in a module', 'from os import no_such_name', 'missing-dependency', 'cannot import name'],
    [
      'a port in use',
      'import socket\na = socket.socket(); a.bind(("127.0.0.1", 0))\nb = socket.socket(); b.bind(a.getsockname())',
      'port-in-use',
      'Address already in use',
    ],
    ['no memory', 'raise MemoryError()', 'out-of-memory', 'MemoryError'],
    ['a missing setting', 'import os\nos.environ["DATABASE_URL"]', 'configuration', "KeyError: 'DATABASE_URL'"],
    ['a missing key', 'import os\nos.environ["OPENAI_API_KEY"]', 'credentials', 'OPENAI_API_KEY'],
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
    ['an unresolvable host name', 'import socket\nsocket.getaddrinfo("nowhere.invalid", 80)', 'network', 'gaierror'],
    [
      'a rate limit error of a library',
      'import types, sys\nm = types.ModuleType("openai"); m.RateLimitError = type("RateLimitError", (Exception,), {"__module__": "openai"})\nraise m.RateLimitError("Error code: 429 - slow down")',
      'rate-limited',
      'openai.RateLimitError',
    ],
    [
      'a refused key, reported by a library',
      'E = type("AuthenticationError", (Exception,), {"__module__": "openai"})\nraise E("Error code: 401 - Incorrect API key provided")',
      'credentials',
      'AuthenticationError',
    ],
    [
      'any other exception',
      'def f():\n    raise ValueError("the actual reason")\nf()',
      'unhandled-exception',
      'ValueError: the actual reason',
    ],
    ['a syntax error', 'def f(:\n  pass', 'unhandled-exception', 'SyntaxError'],
    ['a plain exit code', 'import sys\nprint("bye", file=sys.stderr)\nsys.exit(3)', 'unknown', 'exited with code 3'],
    ['exit code 0', 'print("done")', 'clean-exit', 'exited with code 0'],
    [
      'an exception caused by another one',
      'import socket\nclass APIError(Exception): pass\ntry:\n    raise ConnectionRefusedError(111, "refused")\nexcept OSError as error:\n    raise APIError("call failed") from error',
      'network',
      'APIError: call failed',
    ],
    [
      'an error a hundred lines after a handled one',
      'import logging, sys\ntry:\n    import no_such_module_2\nexcept ImportError:\n    logging.exception("going on")\nfor n in range(100): print("line", n, file=sys.stderr)\nraise ValueError("the fatal one")',
      'unhandled-exception',
      'ValueError: the fatal one',
    ],
    [
      'an exit code after a handled error',
      'import logging, sys\ntry:\n    import no_such_module_2\nexcept ImportError:\n    logging.exception("going on")\nfor n in range(20): print("line", n, file=sys.stderr)\nsys.exit(4)',
      'unknown',
      'exited with code 4',
    ],
  ];

  it.each(PYTHON)('finds the cause in the output of a Python program: %s', async (_, program, cause, line) => {
    const diagnosis = await diagnose('python3', program);
    expect(diagnosis.cause).toBe(cause);
    expect(diagnosis.line).toContain(line);
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
    ['a failed fetch', 'await fetch("http://nowhere.invalid/")', 'network', 'fetch failed'],
    [
      'an exception',
      'function f() { throw new TypeError("the actual reason") }\nf()',
      'unhandled-exception',
      'TypeError: the actual reason',
    ],
    ['a rejection', 'Promise.reject(new Error("not handled"))', 'unhandled-exception', 'Error: not handled'],
    [
      'an error class of an SDK',
      'class RateLimitError extends Error { status = 429 }\nthrow new RateLimitError("429 slow down")',
      'rate-limited',
      'slow down',
    ],
    ['a syntax error', 'const = 1', 'unhandled-exception', 'SyntaxError'],
    ['a plain exit code', 'console.error("bye"); process.exitCode = 5', 'unknown', 'exited with code 5'],
  ];

  it.each(NODE)('finds the cause in the output of a Node program: %s', async (_, program, cause, line) => {
    const diagnosis = await diagnose('node', program);
    expect(diagnosis.cause).toBe(cause);
    expect(diagnosis.line).toContain(line);
  });
});
