import path from 'node:path';
import { definitionOf } from '../../test/support/definitions';
import { makeTempFolder, type TempFolder } from '../../test/support/temp-folder';
import { Problem, type AgentDefinitionInput } from '../kernel';
import { resolveCommand, type LaunchPlaces } from './launch-plan';

const INTERPRETERS = ['python3', 'python', 'node', 'bash', 'sh', 'bun', 'deno', 'ruby', 'none'];

let folder: TempFolder;
let places: LaunchPlaces;
beforeEach(() => {
  folder = makeTempFolder();
  for (const name of INTERPRETERS) folder.file(`bin/${name}`, '', 0o755);
  places = { agentsDir: folder.folder('agents'), interpreters: INTERPRETERS, path: folder.at('bin') };
});
afterEach(() => {
  folder.remove();
});

type Given = Partial<AgentDefinitionInput>;

const resolve = (given: Given, changes: Partial<LaunchPlaces> = {}) =>
  resolveCommand(definitionOf(given), { ...places, ...changes });

function refusalOf(given: Given, changes: Partial<LaunchPlaces> = {}): { code: string; detail: string } {
  try {
    resolve(given, changes);
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, detail: error.detail };
    throw error;
  }
  throw new Error('it was not refused');
}

const script = (name: string, content = '', mode = 0o644) => folder.file(`agents/${name}`, content, mode);

describe('what an agent is run with', () => {
  it.each([
    ['a.js', 'node'],
    ['a.mjs', 'node'],
    ['a.cjs', 'node'],
    ['a.ts', 'bun'],
    ['a.sh', 'sh'],
    ['a.rb', 'ruby'],
    ['A.JS', 'node'],
  ])('is chosen by its name: %s by %s, found on our PATH', (name, interpreter) => {
    const file = script(name);
    expect(resolve({ entryPoint: name, args: ['--x', 'y'] })).toEqual({
      program: folder.at(`bin/${interpreter}`),
      args: [file, '--x', 'y'],
      cwd: places.agentsDir,
    });
  });

  it('is what the definition asks for', () => {
    const file = script('a.py');
    expect(resolve({ entryPoint: 'a.py', interpreter: 'bash' })).toMatchObject({
      program: folder.at('bin/bash'),
      args: [file],
    });
  });

  it('is never chosen by the environment of the agent', () => {
    script('a.sh');
    folder.file('evil/sh', '', 0o755);
    expect(resolve({ entryPoint: 'a.sh', env: { PATH: folder.at('evil') } }).program).toBe(folder.at('bin/sh'));
  });

  it('may not be what is not listed, even where it is there', () => {
    script('a.py');
    const { code, detail } = refusalOf({ entryPoint: 'a.py', interpreter: 'bash' }, { interpreters: ['python3'] });
    expect({ code, names: detail.includes('bash') }).toEqual({ code: 'interpreter-not-found', names: true });
  });

  it('may not be what is not listed where its name chooses it, either', () => {
    script('a.sh');
    expect(refusalOf({ entryPoint: 'a.sh' }, { interpreters: ['python3'] }).code).toBe('interpreter-not-found');
  });

  it('may not be python by name where only python3 is listed', () => {
    script('a.py');
    const refused = refusalOf({ entryPoint: 'a.py', interpreter: 'python' }, { interpreters: ['python3'] });
    expect(refused.code).toBe('interpreter-not-found');
  });

  it('has to be there', () => {
    script('a.rb');
    const { code, detail } = refusalOf({ entryPoint: 'a.rb' }, { path: folder.at('agents') });
    expect({ code, names: detail.includes('ruby') }).toEqual({ code: 'interpreter-not-found', names: true });
  });

  it('is our own node where PATH has none', () => {
    script('a.js');
    expect(resolve({ entryPoint: 'a.js' }, { path: undefined }).program).toBe(process.execPath);
  });
});

describe('an agent in Python', () => {
  it('is run by python3, unbuffered, where there is no .venv', () => {
    const file = script('a.py');
    expect(resolve({ entryPoint: 'a.py', args: ['x'] })).toEqual({
      program: folder.at('bin/python3'),
      args: ['-u', file, 'x'],
      cwd: places.agentsDir,
    });
  });

  it('is run by python3 where that alone is listed', () => {
    script('a.py');
    expect(resolve({ entryPoint: 'a.py' }, { interpreters: ['python3'] }).program).toBe(folder.at('bin/python3'));
  });

  it('is run by the .venv of AGENTS_DIR, and by a nearer one rather', () => {
    const far = folder.file('agents/.venv/bin/python', '', 0o755);
    script('team/one/a.py');
    script('team/two/b.py');
    const near = folder.file('agents/team/one/.venv/bin/python', '', 0o755);
    expect(resolve({ entryPoint: 'team/one/a.py' }).program).toBe(near);
    expect(resolve({ entryPoint: 'team/two/b.py' }).program).toBe(far);
    expect(resolve({ entryPoint: 'team/two/b.py' }).args[0]).toBe('-u');
  });

  it('may have a .venv whose python is a link that leads out', () => {
    script('a.py');
    const python = folder.link('agents/.venv/bin/python', folder.at('bin/python3'));
    expect(resolve({ entryPoint: 'a.py' }).program).toBe(python);
  });

  it('is not run by a .venv above AGENTS_DIR, nor by one that is broken', () => {
    script('a.py');
    folder.file('.venv/bin/python', '', 0o755);
    folder.link('agents/.venv/bin/python', 'gone');
    expect(resolve({ entryPoint: 'a.py' }).program).toBe(folder.at('bin/python3'));
  });

  it('is run by what its definition asks for, whatever .venv there is', () => {
    script('a.py');
    folder.file('agents/.venv/bin/python', '', 0o755);
    for (const interpreter of ['python3', 'python']) {
      expect(resolve({ entryPoint: 'a.py', interpreter }).program).toBe(folder.at(`bin/${interpreter}`));
    }
  });
});

describe('a program that runs by itself', () => {
  it.each([
    ['no first line', '\u007fELF'],
    ['an interpreter in its first line', '#!$bin/sh -e\n'],
    ['an argument there that is no program', '#!$bin/python3 lib.py\n'],
    ['an interpreter that env finds', '#!/usr/bin/env python3\n'],
    ['options of env, which only env understands', '#!/usr/bin/env -S python3 -u\n'],
  ])('is the program, with %s', (_what, content) => {
    const file = script('tool', content.replace('$bin', folder.at('bin')), 0o755);
    expect(resolve({ entryPoint: 'tool', args: ['x'] })).toEqual({ program: file, args: ['x'], cwd: places.agentsDir });
  });

  it('is one with any name where the definition says so', () => {
    const file = script('a.py', '#!/usr/bin/env python3\n', 0o755);
    expect(resolve({ entryPoint: 'a.py', interpreter: 'none' })).toMatchObject({ program: file, args: [] });
  });

  it.each([
    ['it may not be executed', '', 0o644, 'chmod'],
    ['the interpreter of its first line is missing', '#!/gone/python3\n', 0o755, '/gone/python3'],
    ['env does not find what it asks for', '#!/usr/bin/env python9\n', 0o755, 'python9'],
    ['its first line names nothing', '#!\n', 0o755, 'nothing'],
  ])('is refused where %s', (_why, content, mode, named) => {
    script('tool', content, mode);
    const { code, detail } = refusalOf({ entryPoint: 'tool' });
    expect({ code, names: detail.includes(named) }).toEqual({ code: 'interpreter-not-found', names: true });
  });

  it('is refused where its lines end as those of Windows do, since the system finds no such program', () => {
    script('tool', '#!/usr/bin/env python3\r\nprint\r\n', 0o755);
    expect(refusalOf({ entryPoint: 'tool' }).code).toBe('interpreter-not-found');
  });
});

describe('the entry point', () => {
  it.each([
    ['is missing', 'gone.py'],
    ['is a folder', '.'],
    ['is a link that leads nowhere', 'nowhere.py'],
  ])('is refused where it %s, by its name', (_why, entryPoint) => {
    folder.link('agents/nowhere.py', 'gone.py');
    const { code, detail } = refusalOf({ entryPoint });
    expect({ code, names: detail.includes(entryPoint) }).toEqual({ code: 'entry-point-not-found', names: true });
  });

  it('of an external agent is none', () => {
    expect(refusalOf({ entryPoint: null }).code).toBe('entry-point-not-found');
  });

  it('may be a link that stays inside, and runs where the link lies', () => {
    script('deep/a.sh');
    const link = folder.link('agents/links/a.sh', '../deep/a.sh');
    expect(resolve({ entryPoint: 'links/a.sh' })).toMatchObject({ args: [link], cwd: path.dirname(link) });
  });

  it.each(['link.sh', 'sub/outside.sh', '../outside.sh'])(
    'is refused where it leads out at the time of the launch: %s',
    (entryPoint) => {
      folder.file('outside.sh');
      folder.link('agents/link.sh', folder.at('outside.sh'));
      folder.link('agents/sub', folder.root);
      expect(refusalOf({ entryPoint }).code).toBe('entry-point-not-found');
    },
  );

  it('lies inside where AGENTS_DIR is a link itself', () => {
    script('a.sh');
    const agentsDir = folder.link('linked', places.agentsDir);
    expect(resolve({ entryPoint: 'a.sh' }, { agentsDir })).toMatchObject({ cwd: agentsDir });
    folder.link('agents/link.sh', folder.file('outside.sh'));
    expect(refusalOf({ entryPoint: 'link.sh' }, { agentsDir }).code).toBe('entry-point-not-found');
  });
});

describe('the cwd', () => {
  it('is the folder of the entry point, or what the definition says', () => {
    script('sub/a.sh');
    expect(resolve({ entryPoint: 'sub/a.sh' }).cwd).toBe(folder.at('agents/sub'));
    expect(resolve({ entryPoint: 'sub/a.sh', cwd: '.' }).cwd).toBe(places.agentsDir);
    expect(resolve({ entryPoint: 'sub/a.sh', cwd: folder.folder('agents/work') }).cwd).toBe(folder.at('agents/work'));
  });

  it.each([
    ['is missing', 'gone'],
    ['is a file', 'a.sh'],
    ['leads out by a link', 'out'],
    ['lies outside', '..'],
  ])('is refused where it %s, by its name', (_why, cwd) => {
    script('a.sh');
    folder.link('agents/out', folder.root);
    const { code, detail } = refusalOf({ entryPoint: 'a.sh', cwd });
    expect({ code, names: detail.includes(`cwd ${cwd} `) }).toEqual({ code: 'entry-point-not-found', names: true });
  });
});
