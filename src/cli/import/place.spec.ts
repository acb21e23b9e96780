import { symlinkSync } from 'node:fs';
import { makeTempFolder, type TempFolder } from '../../../test/support/temp-folder';
import { placesOf } from './place';

describe('a path', () => {
  let folder: TempFolder;

  beforeAll(() => {
    folder = makeTempFolder();
    folder.file('agents/web/web.js', '');
    folder.file('outside/far.js', '');
    symlinkSync(folder.at('outside'), folder.at('agents/out'));
    symlinkSync(folder.at('agents/web'), folder.at('agents/current'));
    symlinkSync(folder.at('agents'), folder.at('linked'));
  });

  afterAll(() => {
    folder.remove();
  });

  it.each([
    ['agents', 'agents/web/web.js', 'web/web.js'],
    ['agents', 'agents/current/web.js', 'current/web.js'],
    ['agents', 'agents/web/missing.js', 'web/missing.js'],
    ['agents', 'agents', '.'],
    ['agents', 'linked/web/web.js', 'web/web.js'],
    ['linked', 'agents/web/web.js', 'web/web.js'],
    ['agents', 'agents/out/far.js', null],
    ['agents', 'agents/../outside/far.js', null],
    ['agents', 'agents-2/web.js', null],
    ['agents', 'outside/far.js', null],
  ])('below %s: %s is %j', (root, file, expected) => {
    expect(placesOf(folder.at(root)).within(folder.at(file))).toBe(expected);
  });

  it('exists, or not yet', () => {
    const { exists } = placesOf(folder.at('agents'));
    expect([exists(folder.at('agents/web/web.js')), exists(folder.at('agents/web/missing.js'))]).toEqual([true, false]);
  });
});
