import { installAdvice } from './install-advice';

const VENV = { program: '/srv/agents/.venv/bin/python', folder: '/srv/agents' };
const NODE = { program: '/usr/bin/node', folder: '/srv/my agents' };

describe('advice on what is missing', () => {
  it.each([
    ['the python that ran', VENV, "No module named 'httpx'", '`/srv/agents/.venv/bin/python -m pip install httpx`'],
    ['the package of a submodule', VENV, "No module named 'httpx.core'", 'pip install httpx`'],
    ['a package of another name', VENV, "No module named 'dotenv'", 'pip install python-dotenv`'],
    ['a package that is too old', VENV, "cannot import name 'A' from 'b.c' (/x/b/c.py)", 'pip install --upgrade b`'],
    [
      'the folder of the entry point',
      NODE,
      "Cannot find package 'ws' imported",
      "`cd '/srv/my agents' && npm install ws`",
    ],
    ['a scoped package', NODE, "Cannot find module '@a/b/dist/x.js'", 'npm install @a/b`'],
    ['bun', { ...NODE, program: '/usr/bin/bun' }, "Cannot find package 'ws' from 'x'", 'bun add ws`'],
    ['a quote in a path', { ...NODE, folder: "/it's" }, "Cannot find package 'ws'", "cd '/it'\\''s' &&"],
  ])('names %s', (_, program, line, advice) => {
    expect(installAdvice(line, program)).toContain(advice);
  });

  it.each([
    ['a command in the place of a name', VENV, "No module named 'x; rm -rf /'"],
    ['a command in the place of a package', NODE, "Cannot find module 'x$(id)'"],
    ['an option in the place of a package', NODE, "Cannot find module '--global'"],
    ['a file of its own', NODE, "Cannot find module './tools.js'"],
    ['another program', { ...VENV, program: '/bin/sh' }, "No module named 'httpx'"],
    ['another line', VENV, 'ImportError: libGL.so.1: cannot open shared object file'],
  ])('names nothing for %s', (_, program, line) => {
    expect(installAdvice(line, program)).toBeNull();
  });
});
