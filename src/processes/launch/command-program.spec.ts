import path from 'node:path';

import { folder, places, refusalOf, resolve, script, useLaunchPlaces } from '../../../test/support/launch-places';

useLaunchPlaces();

describe('a program without an interpreter', () => {
  it.each([
    ['no first line', '\u007fELF'],
    ['an interpreter in its first line', '#!$bin/sh -e\n'],
    ['an argument there that is not a program', '#!$bin/python3 lib.py\n'],
    ['an interpreter that env finds', '#!/usr/bin/env python3\n'],
    ['options of env, which only env understands', '#!/usr/bin/env -S python3 -u\n'],
  ])('runs directly, with %s', (_what, content) => {
    const file = script('tool', content.replace('$bin', folder.at('bin')), 0o755);
    expect(resolve({ entryPoint: 'tool', args: ['x'] })).toMatchObject({
      program: file,
      args: ['x'],
      cwd: places.agentsDir,
    });
  });

  it('may have any name if the definition sets interpreter to none', () => {
    const file = script('a.py', '#!/usr/bin/env python3\n', 0o755);
    expect(resolve({ entryPoint: 'a.py', interpreter: 'none' })).toMatchObject({ program: file, args: [] });
  });

  it.each([
    ['it may not be executed', '', 0o644, 'chmod'],
    ['the interpreter of its first line is missing', '#!/gone/python3\n', 0o755, '/gone/python3'],
    ['env does not find the program', '#!/usr/bin/env python9\n', 0o755, 'python9'],
    ['its first line names nothing', '#!\n', 0o755, 'no program'],
  ])('is refused if %s', (_why, content, mode, named) => {
    script('tool', content, mode);
    const { code, detail } = refusalOf({ entryPoint: 'tool' });
    expect({ code, names: detail.includes(named) }).toEqual({ code: 'interpreter-not-found', names: true });
  });

  it('is refused with the line endings of Windows, because the system finds no such program', () => {
    script('tool', '#!/usr/bin/env python3\r\nprint\r\n', 0o755);
    expect(refusalOf({ entryPoint: 'tool' }).code).toBe('interpreter-not-found');
  });
});

describe('the entry point', () => {
  it.each([
    ['is missing', 'gone.py'],
    ['is a folder', '.'],
    ['is a broken link', 'nowhere.py'],
  ])('is refused by name if it %s', (_why, entryPoint) => {
    folder.link('agents/nowhere.py', 'gone.py');
    const { code, detail } = refusalOf({ entryPoint });
    expect({ code, names: detail.includes(entryPoint) }).toEqual({ code: 'entry-point-not-found', names: true });
  });

  it('is refused if it is null', () => {
    expect(refusalOf({ entryPoint: null }).code).toBe('entry-point-not-found');
  });

  it('may be a link that stays inside, and runs in the folder of the link', () => {
    script('deep/a.sh');
    const link = folder.link('agents/links/a.sh', '../deep/a.sh');
    expect(resolve({ entryPoint: 'links/a.sh' })).toMatchObject({ args: [link], cwd: path.dirname(link) });
  });

  it.each(['link.sh', 'sub/outside.sh', '../outside.sh'])(
    'is refused if it leads outside at the time of the launch: %s',
    (entryPoint) => {
      folder.file('outside.sh');
      folder.link('agents/link.sh', folder.at('outside.sh'));
      folder.link('agents/sub', folder.root);
      expect(refusalOf({ entryPoint }).code).toBe('entry-point-not-found');
    },
  );

  it('is inside if AGENTS_DIR itself is a link', () => {
    script('a.sh');
    const agentsDir = folder.link('linked', places.agentsDir);
    expect(resolve({ entryPoint: 'a.sh' }, { agentsDir })).toMatchObject({ cwd: agentsDir });
    folder.link('agents/link.sh', folder.file('outside.sh'));
    expect(refusalOf({ entryPoint: 'link.sh' }, { agentsDir }).code).toBe('entry-point-not-found');
  });
});

describe('the cwd', () => {
  it('is the folder of the entry point, or the one that the definition names', () => {
    script('sub/a.sh');
    expect(resolve({ entryPoint: 'sub/a.sh' }).cwd).toBe(folder.at('agents/sub'));
    expect(resolve({ entryPoint: 'sub/a.sh', cwd: '.' }).cwd).toBe(places.agentsDir);
    expect(resolve({ entryPoint: 'sub/a.sh', cwd: folder.folder('agents/work') }).cwd).toBe(folder.at('agents/work'));
  });

  it.each([
    ['is missing', 'gone'],
    ['is a file', 'a.sh'],
    ['leads outside by a link', 'out'],
    ['lies outside', '..'],
  ])('is refused by name if it %s', (_why, cwd) => {
    script('a.sh');
    folder.link('agents/out', folder.root);
    const { code, detail } = refusalOf({ entryPoint: 'a.sh', cwd });
    expect({ code, names: detail.includes(`cwd ${cwd} `) }).toEqual({ code: 'entry-point-not-found', names: true });
  });
});
