import { definitionOf } from '../../test/support/definitions';
import { makeTempFolder, type TempFolder } from '../../test/support/temp-folder';
import { pathFaultsOf } from './path-rules';

let folder: TempFolder;
let agentsDir: string;
beforeEach(() => {
  folder = makeTempFolder();
  agentsDir = folder.folder('agents');
  folder.file('agents/a.py');
  folder.file('agents/sub/b.py');
  folder.file('secret.py');
  folder.file('agents-too/c.py');
});
afterEach(() => {
  folder.remove();
});

const faultsOf = (entryPoint: string | null, cwd: string | null = null, place = agentsDir) =>
  pathFaultsOf(definitionOf({ entryPoint, cwd }), place).map(({ pointer, detail }) => `${pointer} ${detail}`);

const OUTSIDE = '/entryPoint must lie inside AGENTS_DIR';
const BY_A_LINK = '/entryPoint leads out of AGENTS_DIR by a link';

describe('an entry point', () => {
  it.each(['a.py', './a.py', 'sub/b.py', 'sub/../a.py', '..a.py', 'not-yet.py', 'not/yet.py'])(
    'may be %s, be it there or not',
    (entryPoint) => {
      expect(faultsOf(entryPoint)).toEqual([]);
    },
  );

  it('may be absolute where it lies inside', () => {
    expect(faultsOf(`${agentsDir}/a.py`)).toEqual([]);
  });

  it('may be none', () => {
    expect(faultsOf(null)).toEqual([]);
  });

  it.each(['../secret.py', '..', 'sub/../../secret.py', '/etc/passwd', '/', '../agents-too/c.py', '../not-yet.py'])(
    'may not be %s',
    (entryPoint) => {
      expect(faultsOf(entryPoint)).toEqual([OUTSIDE]);
    },
  );

  it.each(['.', './', 'sub/..'])('may not be %s, the folder itself', (entryPoint) => {
    expect(faultsOf(entryPoint)).toEqual(['/entryPoint must name a file']);
  });
});

describe('a link', () => {
  it('that stays inside is fine', () => {
    folder.link('agents/link.py', 'sub/b.py');
    folder.link('agents/folder', `${agentsDir}/sub`);
    expect(faultsOf('link.py')).toEqual([]);
    expect(faultsOf('folder/b.py')).toEqual([]);
  });

  it('that leaves is refused, be it of the file or of a folder above it', () => {
    folder.link('agents/link.py', '../secret.py');
    folder.link('agents/folder', folder.root);
    folder.link('agents/twice.py', 'link.py');
    for (const name of ['link.py', 'folder/secret.py', 'twice.py']) expect(faultsOf(name)).toEqual([BY_A_LINK]);
  });

  it('that leaves is refused for a file that is not there yet, too', () => {
    folder.link('agents/folder', folder.root);
    expect(faultsOf('folder/not/yet.py')).toEqual([BY_A_LINK]);
  });

  it('that leads nowhere, or round in a circle, may be mended later', () => {
    folder.link('agents/nowhere.py', 'gone.py');
    folder.link('agents/circle.py', 'circle.py');
    expect(faultsOf('nowhere.py')).toEqual([]);
    expect(faultsOf('circle.py')).toEqual([]);
  });

  it('to AGENTS_DIR itself does not matter', () => {
    const place = folder.link('linked', agentsDir);
    expect(faultsOf('a.py', null, place)).toEqual([]);
    expect(faultsOf('../secret.py', null, place)).toEqual([OUTSIDE]);
    folder.link('agents/link.py', '../secret.py');
    expect(faultsOf('link.py', null, place)).toEqual([BY_A_LINK]);
  });
});

describe('a cwd', () => {
  it('may be AGENTS_DIR itself, or a folder in it, be it there or not', () => {
    for (const cwd of ['.', 'sub', 'not/yet']) expect(faultsOf('a.py', cwd)).toEqual([]);
  });

  it('keeps to the same rules', () => {
    folder.link('agents/folder', folder.root);
    expect(faultsOf('a.py', '..')).toEqual(['/cwd must lie inside AGENTS_DIR']);
    expect(faultsOf('a.py', 'folder')).toEqual(['/cwd leads out of AGENTS_DIR by a link']);
  });

  it('is named beside the entry point where both are wrong', () => {
    expect(faultsOf('../secret.py', '/')).toEqual([OUTSIDE, '/cwd must lie inside AGENTS_DIR']);
  });
});

describe('an AGENTS_DIR that is not there yet', () => {
  it('takes what will lie inside it', () => {
    expect(faultsOf('a.py', null, folder.at('later'))).toEqual([]);
    expect(faultsOf('../a.py', null, folder.at('later'))).toEqual([OUTSIDE]);
  });
});
