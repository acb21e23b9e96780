import { makeTempFolder, type TempFolder } from '../../../test/support/temp-folder';
import { hideChannel, removeChannel, takesChannel } from './node-channel';

describe("PM2's IPC channel", () => {
  it.each<[string, string | null]>([
    ['/usr/bin/node', null],
    ['/usr/bin/nodejs', null],
    ['/opt/node20.11', null],
    ['/home/user/.bun/bin/bun', null],
    ['/usr/bin/deno', null],
    ['/usr/local/bin/tsx', '/usr/bin/env node'],
    ['/agents/tool', '/usr/bin/node --enable-source-maps'],
    ['/agents/tool', '/usr/bin/env -S node --enable-source-maps'],
    ['/agents/tool', '/usr/bin/env -S NODE_ENV=production node'],
  ])('is used by %s with the first line %j', (program, shebang) => {
    expect(takesChannel(program, shebang)).toBe(true);
  });

  it.each<[string, string | null]>([
    ['/usr/bin/python3', null],
    ['/bin/sh', null],
    ['/agents/node/agent', null],
    ['/usr/bin/node-gyp', null],
    ['/agents/tool', '/usr/bin/env python3'],
    ['/agents/tool', '/bin/sh node'],
    ['/agents/tool', '/usr/bin/env'],
    ['/agents/tool', ''],
  ])('is not used by %s with the first line %j', (program, shebang) => {
    expect(takesChannel(program, shebang)).toBe(false);
  });

  it('is hidden from a program by env, which then becomes that program', () => {
    const execution = { program: '/usr/bin/python3', args: ['-u', '/agents/a.py', 'A=B'] };
    expect(hideChannel(execution, '/usr/bin/env')).toEqual({
      program: '/usr/bin/env',
      args: [
        ...['-u', 'NODE_CHANNEL_FD', '-u', 'NODE_CHANNEL_SERIALIZATION_MODE'],
        ...['/usr/bin/python3', '-u', '/agents/a.py', 'A=B'],
      ],
    });
  });

  it('is hidden from a program whose path looks like a variable to env', () => {
    const { args } = hideChannel({ program: '/agents/v=1/tool', args: ['x'] }, '/usr/bin/env');
    expect(args.slice(4)).toEqual(['sh', '-c', 'exec "$0" "$@"', '/agents/v=1/tool', 'x']);
  });
});

describe('the program of a launch', () => {
  let folder: TempFolder;
  beforeEach(() => {
    folder = makeTempFolder();
  });
  afterEach(() => {
    folder.remove();
  });

  const launched = (program: string) => removeChannel({ program, args: ['x'] }, folder.at('bin')).program;
  const tool = (content: string, mode = 0o755) => folder.file('tool', content, mode);

  it("is run by the env on the supervisor's PATH, or else by /usr/bin/env", () => {
    const program = tool('#!/bin/sh\n');
    expect(launched(program)).toBe('/usr/bin/env');
    const env = folder.file('bin/env', '', 0o755);
    expect(launched(program)).toBe(env);
  });

  it('keeps its arguments behind its own name', () => {
    const program = tool('#!/bin/sh\n');
    const plan = { program, args: ['x'], cwd: '/agents' };
    const hidden = ['-u', 'NODE_CHANNEL_FD', '-u', 'NODE_CHANNEL_SERIALIZATION_MODE', program, 'x'];
    expect(removeChannel(plan, undefined)).toEqual({ program: '/usr/bin/env', args: hidden, cwd: '/agents' });
  });

  it.each([
    ['a binary', '\u007fELF'],
    ['a script that names python3', '#!/usr/bin/env python3\n'],
  ])('is run by env if it is %s', (_what, content) => {
    expect(launched(tool(content))).toBe('/usr/bin/env');
  });

  it('is unchanged if it is a script that names node', () => {
    const program = tool('#!/usr/bin/env node\n');
    expect(launched(program)).toBe(program);
  });

  it('is unchanged if it is Node under another name', () => {
    folder.file('bin/node', '', 0o755);
    folder.link('bin/js', 'node');
    expect(launched(folder.at('bin/js'))).toBe(folder.at('bin/js'));
  });

  it.each([
    ['has an interpreter that is a script', (at: string) => `#!${at}\n`, 0o755],
    ['has a missing interpreter', () => '#!/does/not/exist\n', 0o755],
    ['is not executable', () => '#!/bin/sh\n', 0o644],
  ])('is unchanged if it %s, so that the refusal of the system is seen', (_what, contentAt, mode) => {
    const program = tool(contentAt(folder.at('tool')), mode);
    expect(launched(program)).toBe(program);
  });

  it('is unchanged if it does not exist', () => {
    expect(launched(folder.at('missing'))).toBe(folder.at('missing'));
  });
});
