import fc from 'fast-check';
import { programOf } from './program-name';

const SECRET = 'sk-live-4f9aB7QxTz';

describe('the name of a program', () => {
  it.each([
    ['python3 server.py', ['python3', 'server.py', '--port', '3000']],
    ['python3.12 server.py', ['/usr/bin/python3.12', '-u', '/srv/agents/server.py']],
    ['node main.js', ['node', 'dist/main.js']],
    ['node main.js', ['/usr/local/bin/node', '--require', './preload.js', '--enable-source-maps', 'dist/main.js']],
    ['python uvicorn', ['/srv/.venv/bin/python', '/srv/.venv/bin/uvicorn', 'app:app', '--port', '8000']],
    ['node www', ['node', 'bin/www']],
    ['python3 http.server', ['python3', '-m', 'http.server', '8000']],
    ['java app.jar', ['java', '-Dkey=value', '-jar', '/opt/app.jar', '--spring']],
    ['dotnet Api.dll', ['dotnet', 'Api.dll']],
    ['python3 my bot.py', ['python3', '/srv/my agents/my bot.py']],
    ['python3 bötchen.py', ['python3', 'bötchen.py']],
    ['caddy', ['caddy', 'run']],
    ['bash', ['-bash']],
    ['server', ['./server']],
    ['mein server', ['/opt/mein server', '--port', '80']],
  ])('is %s', (expected, commandLine) => {
    expect(programOf([...commandLine, ''], 'name')).toBe(expected);
  });

  it.each([
    ['a title of PM2', 'node /srv/agents/bot.js', 'node /srv/agent', 'node bot.js'],
    ['a title of nginx', 'nginx: master process /usr/sbin/nginx -g daemon off;', 'nginx', 'nginx'],
    ['a title of gunicorn', 'gunicorn: master [app:app]', 'gunicorn', 'gunicorn'],
    ['a title of Next.js', 'next-server (v14.2.3)', 'next-server (v1', 'next-server'],
    ['a title of Postgres', 'postgres: 14/main: checkpointer ', 'postgres', 'postgres'],
    ['a line of ps', '/opt/homebrew/bin/node dist/main.js --port 3000', 'node', 'node main.js'],
    ['a path with spaces', '/Applications/My App.app/Contents/MacOS/My App', 'My App', 'My App'],
    ['a path with spaces and a long name', '/srv/a b/a-very-long-program-name x', 'a-very-long-pro', 'a-very-long-pro'],
    ['a path without spaces', '/System/Library/CoreServices/ControlCenter', 'ControlCenter', 'ControlCenter'],
  ])('is taken from a single text: %s', (_, title, name, expected) => {
    expect(programOf([title], name)).toBe(expected);
  });

  it.each([
    ['no command line', [], 'kworker/0:1', 'kworker/0:1'],
    ['an empty command line', ['', ''], 'node', 'node'],
    ['a command line of spaces', ['  '], 'node', 'node'],
    ['a path that ends in a slash', ['/'], 'node', 'node'],
    ['nothing at all', [], '', ''],
  ])('is the name of the process for %s', (_, commandLine, name, expected) => {
    expect(programOf(commandLine, name)).toBe(expected);
  });

  it.each([
    ['a value of an option', ['server', '--token', SECRET]],
    ['a value of an option of an interpreter', ['node', '--title', SECRET, 'main.js']],
    ['an option with a value', ['server', `--token=${SECRET}`, 'x']],
    ['a plain argument', ['server', SECRET]],
    ['a token with a colon', ['python3', `123456:${SECRET}`]],
    ['code', ['python3', '-c', `serve("${SECRET}")`]],
    ['code of a shell', ['/bin/bash', '-lc', `/opt/${SECRET}`]],
    ['code of node', ['node', '-e', `/${SECRET}`]],
    ['code after an option', ['node', '--no-warnings', '-p', `/${SECRET}`]],
    ['a second argument', ['node', 'main.js', SECRET]],
    ['a URL', ['psql', `postgres://me:${SECRET}@host/db.sql`]],
    ['a query', ['server', `https://host/a?key=${SECRET}.js`]],
    ['an assignment', ['env', `/TOKEN=${SECRET}`, 'node']],
    ['a folder', ['server', `/srv/${SECRET}/config.toml`]],
    ['an argument of a title', [`server: ${SECRET} ${SECRET}`]],
    ['a module that is none', ['python3', '-m', SECRET]],
  ])('never shows a secret in %s', (_, commandLine) => {
    expect(programOf(commandLine, 'name')).not.toContain(SECRET);
  });

  it('is one plain line of at most 120 characters, for any command line', () => {
    const args = fc.array(fc.string({ unit: 'binary', maxLength: 200 }), { maxLength: 5 });
    fc.assert(
      fc.property(args, fc.string({ unit: 'binary', maxLength: 200 }), (commandLine, name) => {
        const program = programOf(commandLine, name);
        expect(program.length).toBeLessThanOrEqual(120);
        // eslint-disable-next-line no-control-regex -- the test is about control characters
        expect(program).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]|\p{Surrogate}/u);
      }),
    );
  });

  it('never controls a terminal', () => {
    expect(programOf(['no\u001b[31mde\u0007', '/srv/a\u202e.js'], 'x')).toBe('node');
    expect(programOf([`/bin/${'x'.repeat(300)}`], 'x')).toHaveLength(120);
  });
});
