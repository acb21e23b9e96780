import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { makeTempFolder } from '../support/temp-folder';

const TRACEBACK =
  'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nConnectionRefusedError: [Errno 111] Connection refused\n';

/** Runs the built command of `npm run diagnose`. */
describe('the diagnose command', () => {
  const folder = makeTempFolder();
  beforeAll(() => {
    folder.file('a.log', TRACEBACK);
  });

  afterAll(() => {
    folder.remove();
  });

  function run(args: readonly string[], input = '') {
    const command = [path.resolve(__dirname, '../../dist/cli/diagnose.js'), ...args];
    const env = { ...process.env, INIT_CWD: folder.root };
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', input, env });
    return { status, stdout, stderr };
  }

  const json = (...args: readonly string[]) => JSON.parse(run([...args, '--json']).stdout) as Record<string, unknown>;

  it('says why a program failed, for people', () => {
    const { status, stdout, stderr } = run(['a.log']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^cause {3}network .*\nthen {4}waited for.*\nline {4}ConnectionRefusedError: /);
  });

  it('says it as JSON', () => {
    expect(json('a.log')).toMatchObject({ cause: 'network', remedy: 'wait', exitCode: 1, signal: null });
  });

  it('heeds the exit code, the signal and the other stream', () => {
    folder.file('empty.log');
    expect(json('empty.log', '--exit', '78')).toMatchObject({ cause: 'configuration', rule: 'exit-78' });
    expect(json('a.log', '--signal', 'SIGTERM')).toMatchObject({ cause: 'killed-by-signal', signal: 'SIGTERM' });
    expect(json('empty.log', '--stdout', 'a.log')).toMatchObject({ cause: 'network' });
  });

  it('reads standard input', () => {
    expect(run(['-'], TRACEBACK).stdout).toContain('Connection refused');
  });

  it('reads only the last 2 MB', () => {
    const line = `${'x'.repeat(99)}\n`;
    folder.file('large.log', `${line.repeat(30_000)}${TRACEBACK}`);
    expect(json('large.log')).toMatchObject({ cause: 'network' });
    expect(run(['-'], `${TRACEBACK}${line.repeat(60_000)}`).stdout).not.toContain('Connection refused');
  });

  it('masks well-known keys', () => {
    const key = `sk-proj-${'aB3dE5fG7h'.repeat(5)}`;
    expect(run(['-'], `Error: Incorrect API key provided: ${key}\n`).stdout).not.toContain(key);
  });

  it('names a file that it cannot read, and exits with 1', () => {
    folder.folder('folder');
    for (const name of ['missing.log', 'folder'])
      expect(run([name])).toEqual({
        status: 1,
        stdout: '',
        stderr: expect.stringContaining(folder.at(name)) as string,
      });
  });

  it('explains its usage after a wrong argument, and exits with 2', () => {
    const { status, stdout, stderr } = run(['a.log', '--exit', 'one']);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^--exit must be.*\n\nUsage: npm run/)]);
  });
});
