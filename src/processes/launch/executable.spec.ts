import { makeTempFolder, type TempFolder } from '../../../test/support/temp-folder';
import { findOnPath, isExecutable, isFile, isFolder, isWithin, realPath, shebangOf } from './executable';

let folder: TempFolder;
beforeEach(() => {
  folder = makeTempFolder();
});
afterEach(() => {
  folder.remove();
});

describe('isExecutable', () => {
  it('is true for an executable file and for a link to one', () => {
    const program = folder.file('program', '', 0o755);
    expect(isExecutable(program)).toBe(true);
    expect(isExecutable(folder.link('link', program))).toBe(true);
  });

  it('is false for everything else', () => {
    expect(isExecutable(folder.file('text', '', 0o644))).toBe(false);
    expect(isExecutable(folder.folder('sub'))).toBe(false);
    expect(isExecutable(folder.link('nowhere', 'gone'))).toBe(false);
    expect(isExecutable(folder.at('gone'))).toBe(false);
    expect(isExecutable('')).toBe(false);
  });
});

describe('findOnPath', () => {
  it('returns the first program of that name', () => {
    folder.file('one/tool', '', 0o644);
    const second = folder.file('two/tool', '', 0o755);
    folder.file('three/tool', '', 0o755);
    const pathVariable = ['one', 'two', 'three', 'four'].map((name) => folder.at(name)).join(':');
    expect(findOnPath('tool', pathVariable)).toBe(second);
    expect(findOnPath('other', pathVariable)).toBeNull();
  });

  it.each([undefined, '', ':', '.', './bin:..', 'bin'])('finds nothing on the PATH %j', (pathVariable) => {
    // Looked up from the folder in which the tests run, these would find package.json and its neighbours.
    expect(findOnPath('npx', pathVariable)).toBeNull();
    expect(findOnPath('node_modules/.bin/jest', pathVariable)).toBeNull();
  });
});

describe('realPath', () => {
  it('follows links, and returns null for a broken one', () => {
    const file = folder.file('sub/file');
    expect(realPath(folder.link('link', 'sub/file'))).toBe(file);
    expect(realPath(folder.link('nowhere', 'gone'))).toBeNull();
    expect(realPath(folder.link('circle', 'circle'))).toBeNull();
    expect(realPath(folder.at('gone'))).toBeNull();
  });
});

describe('isFile and isFolder', () => {
  it('distinguish files, folders and missing paths', () => {
    const cases = [folder.file('file'), folder.folder('sub'), folder.at('gone'), folder.link('link', 'file')];
    expect(cases.map(isFile)).toEqual([true, false, false, true]);
    expect(cases.map(isFolder)).toEqual([false, true, false, false]);
  });
});

describe('isWithin', () => {
  it.each(['/a', '/a/b', '/a/b/c', '/a/..b', '/a/b/..', '/a/...'])('is true for %s in /a', (inner) => {
    expect(isWithin(inner, '/a')).toBe(true);
  });

  it.each(['/', '/b', '/ab', '/a/..', '/a/../b', '/a/b/../../c'])('is false for %s in /a', (inner) => {
    expect(isWithin(inner, '/a')).toBe(false);
  });

  it('is true for everything in /', () => {
    expect(isWithin('/a/b', '/')).toBe(true);
  });
});

describe('shebangOf', () => {
  it.each([
    ['#!/bin/sh\necho', '/bin/sh'],
    ['#! /usr/bin/env  python3 \nprint', '/usr/bin/env  python3'],
    ['#!/bin/sh', '/bin/sh'],
    ['#!\n', ''],
    [`#!/${'x'.repeat(500)}`, `/${'x'.repeat(253)}`],
    ['echo', null],
    [' #!/bin/sh', null],
    ['', null],
    ['\u007fELF#!', null],
  ])('reads %j as %j', (content, expected) => {
    expect(shebangOf(folder.file('script', content))).toBe(expected);
  });

  it('keeps a carriage return, because the system then finds no such program', () => {
    expect(shebangOf(folder.file('script', '#!/bin/sh\r\necho\r\n'))).toBe('/bin/sh\r');
  });
});
