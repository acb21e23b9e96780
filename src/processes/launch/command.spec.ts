import { folder, places, refusalOf, resolve, script, useLaunchPlaces } from '../../../test/support/launch-places';

useLaunchPlaces();

describe('the interpreter of an agent', () => {
  it.each([
    ['a.js', 'node'],
    ['a.mjs', 'node'],
    ['a.cjs', 'node'],
    ['a.ts', 'bun'],
    ['a.sh', 'sh'],
    ['a.rb', 'ruby'],
    ['A.JS', 'node'],
  ])("is selected by the file extension: %s runs with %s, from the supervisor's PATH", (name, interpreter) => {
    const file = script(name);
    expect(resolve({ entryPoint: name, args: ['--x', 'y'] })).toEqual({
      program: folder.at(`bin/${interpreter}`),
      args: [file, '--x', 'y'],
      cwd: places.agentsDir,
      folder: places.agentsDir,
    });
  });

  it('is the one that the definition names', () => {
    const file = script('a.py');
    expect(resolve({ entryPoint: 'a.py', interpreter: 'bash' })).toMatchObject({
      program: folder.at('bin/bash'),
      args: [file],
    });
  });

  it("is never selected by the agent's own PATH", () => {
    script('a.sh');
    folder.file('evil/sh', '', 0o755);
    expect(resolve({ entryPoint: 'a.sh', env: { PATH: folder.at('evil') } }).program).toBe(folder.at('bin/sh'));
  });

  it('is refused if it is installed but not listed', () => {
    script('a.py');
    const { code, detail } = refusalOf({ entryPoint: 'a.py', interpreter: 'bash' }, { interpreters: ['python3'] });
    expect({ code, names: detail.includes('bash') }).toEqual({ code: 'interpreter-not-found', names: true });
  });

  it('is refused if the extension selects one that is not listed', () => {
    script('a.sh');
    expect(refusalOf({ entryPoint: 'a.sh' }, { interpreters: ['python3'] }).code).toBe('interpreter-not-found');
  });

  it('is refused if the definition names python and only python3 is listed', () => {
    script('a.py');
    const refused = refusalOf({ entryPoint: 'a.py', interpreter: 'python' }, { interpreters: ['python3'] });
    expect(refused.code).toBe('interpreter-not-found');
  });

  it('is refused if it is not installed', () => {
    script('a.rb');
    const { code, detail } = refusalOf({ entryPoint: 'a.rb' }, { path: folder.at('agents') });
    expect({ code, names: detail.includes('ruby') }).toEqual({ code: 'interpreter-not-found', names: true });
  });

  it("is the supervisor's own node if PATH has none", () => {
    script('a.js');
    expect(resolve({ entryPoint: 'a.js' }, { path: undefined }).program).toBe(process.execPath);
  });
});

describe('an agent in Python', () => {
  it('runs with python3, unbuffered, if there is no .venv', () => {
    const file = script('a.py');
    expect(resolve({ entryPoint: 'a.py', args: ['x'] })).toEqual({
      program: folder.at('bin/python3'),
      args: ['-u', file, 'x'],
      cwd: places.agentsDir,
      folder: places.agentsDir,
    });
  });

  it('runs with python3 if only that is listed', () => {
    script('a.py');
    expect(resolve({ entryPoint: 'a.py' }, { interpreters: ['python3'] }).program).toBe(folder.at('bin/python3'));
  });

  it('runs with the .venv of AGENTS_DIR, or with a nearer one', () => {
    const far = folder.file('agents/.venv/bin/python', '', 0o755);
    script('team/one/a.py');
    script('team/two/b.py');
    const near = folder.file('agents/team/one/.venv/bin/python', '', 0o755);
    expect(resolve({ entryPoint: 'team/one/a.py' }).program).toBe(near);
    expect(resolve({ entryPoint: 'team/two/b.py' }).program).toBe(far);
    expect(resolve({ entryPoint: 'team/two/b.py' }).args[0]).toBe('-u');
  });

  it('runs with a venv too, but prefers the .venv of the same folder', () => {
    script('team/one/a.py');
    const far = folder.file('agents/.venv/bin/python', '', 0o755);
    expect(resolve({ entryPoint: 'team/one/a.py' }).program).toBe(far);
    const near = folder.file('agents/team/venv/bin/python', '', 0o755);
    expect(resolve({ entryPoint: 'team/one/a.py' }).program).toBe(near);
    const beside = folder.file('agents/team/.venv/bin/python', '', 0o755);
    expect(resolve({ entryPoint: 'team/one/a.py' }).program).toBe(beside);
  });

  it('may have a .venv whose python is a link that leads outside', () => {
    script('a.py');
    const python = folder.link('agents/.venv/bin/python', folder.at('bin/python3'));
    expect(resolve({ entryPoint: 'a.py' }).program).toBe(python);
  });

  it('does not run with a .venv above AGENTS_DIR, nor with a broken one', () => {
    script('a.py');
    folder.file('.venv/bin/python', '', 0o755);
    folder.link('agents/.venv/bin/python', 'gone');
    expect(resolve({ entryPoint: 'a.py' }).program).toBe(folder.at('bin/python3'));
  });

  it('runs with the interpreter of its definition in spite of a .venv', () => {
    script('a.py');
    folder.file('agents/.venv/bin/python', '', 0o755);
    for (const interpreter of ['python3', 'python']) {
      expect(resolve({ entryPoint: 'a.py', interpreter }).program).toBe(folder.at(`bin/${interpreter}`));
    }
  });
});

describe('an interpreter below AGENTS_DIR', () => {
  const venv = () => {
    folder.file('agents/tools/pyvenv.cfg');
    return folder.link('agents/tools/bin/python3', folder.at('bin/python3'));
  };

  it('need not be listed, and is relative to AGENTS_DIR, not to the entry point', () => {
    const file = script('deep/a.py');
    const program = folder.file('agents/bin/python3.12', '', 0o755);
    for (const interpreter of ['bin/python3.12', './bin/python3.12', program]) {
      expect(resolve({ entryPoint: 'deep/a.py', interpreter }, { interpreters: [] })).toMatchObject({
        program,
        args: ['-u', file],
      });
    }
  });

  it('may be any program', () => {
    const file = script('a.py');
    const program = folder.file('agents/bin/run', '#!/usr/bin/env node\n', 0o755);
    expect(resolve({ entryPoint: 'a.py', interpreter: 'bin/run' })).toMatchObject({
      ...{ program, args: [file] },
    });
  });

  it('may be the python of a virtual environment, which is a link that leads outside', () => {
    script('a.py');
    const program = venv();
    expect(resolve({ entryPoint: 'a.py', interpreter: 'tools/bin/python3' }).program).toBe(program);
  });

  it('may be a link that stays inside', () => {
    script('a.py');
    folder.file('agents/deep/run', '', 0o755);
    const program = folder.link('agents/run', 'deep/run');
    expect(resolve({ entryPoint: 'a.py', interpreter: './run' }).program).toBe(program);
  });

  it.each([
    ['lies outside', '../bin/python3', 'is outside'],
    ['lies outside by an absolute path', '/bin/sh', 'is outside'],
    ['is missing', 'bin/gone', 'is not in'],
    ['is a folder', './tools', 'is not in'],
    ['may not be executed', 'tools/pyvenv.cfg', 'is not in'],
    ['is a link that leads outside and not in a virtual environment', 'bin/python3', 'through a link'],
    ['is a link in a virtual environment but not python', 'tools/bin/sh', 'through a link'],
    ['is in a folder that leads outside by a link', 'linked/bin/python3', 'through a link'],
  ])('is refused if it %s', (_why, interpreter, named) => {
    script('a.py');
    venv();
    folder.link('agents/bin/python3', folder.at('bin/python3'));
    folder.link('agents/tools/bin/sh', folder.at('bin/sh'));
    folder.file('elsewhere/pyvenv.cfg');
    folder.file('elsewhere/bin/python3', '', 0o755);
    folder.link('agents/linked', folder.at('elsewhere'));
    const { code, detail } = refusalOf({ entryPoint: 'a.py', interpreter });
    expect({ code, names: detail.includes(named) }).toEqual({ code: 'interpreter-not-found', names: true });
  });
});
