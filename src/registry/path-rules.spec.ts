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

const OUTSIDE = '/entryPoint must be inside AGENTS_DIR';
const THROUGH_A_LINK = '/entryPoint must not leave AGENTS_DIR through a symbolic link';

describe('an entry point', () => {
  it.each(['a.py', './a.py', 'sub/b.py', 'sub/../a.py', '..a.py', 'not-yet.py', 'not/yet.py'])(
    'may be %s, whether it exists or not',
    (entryPoint) => {
      expect(faultsOf(entryPoint)).toEqual([]);
    },
  );

  it('may be absolute if it is inside AGENTS_DIR', () => {
    expect(faultsOf(`${agentsDir}/a.py`)).toEqual([]);
  });

  it('may be null', () => {
    expect(faultsOf(null)).toEqual([]);
  });

  it.each(['../secret.py', '..', 'sub/../../secret.py', '/etc/passwd', '/', '../agents-too/c.py', '../not-yet.py'])(
    'may not be %s',
    (entryPoint) => {
      expect(faultsOf(entryPoint)).toEqual([OUTSIDE]);
    },
  );

  it.each(['.', './', 'sub/..'])('may not be %s, which is AGENTS_DIR itself', (entryPoint) => {
    expect(faultsOf(entryPoint)).toEqual(['/entryPoint must name a file']);
  });
});

describe('a symbolic link', () => {
  it('within AGENTS_DIR is accepted', () => {
    folder.link('agents/link.py', 'sub/b.py');
    folder.link('agents/folder', `${agentsDir}/sub`);
    expect(faultsOf('link.py')).toEqual([]);
    expect(faultsOf('folder/b.py')).toEqual([]);
  });

  it('out of AGENTS_DIR is refused, whether the file or a parent folder is the link', () => {
    folder.link('agents/link.py', '../secret.py');
    folder.link('agents/folder', folder.root);
    folder.link('agents/twice.py', 'link.py');
    for (const name of ['link.py', 'folder/secret.py', 'twice.py']) expect(faultsOf(name)).toEqual([THROUGH_A_LINK]);
  });

  it('out of AGENTS_DIR is refused also for a file that does not exist yet', () => {
    folder.link('agents/folder', folder.root);
    expect(faultsOf('folder/not/yet.py')).toEqual([THROUGH_A_LINK]);
  });

  it('that is broken or circular is accepted, because it may be repaired later', () => {
    folder.link('agents/nowhere.py', 'gone.py');
    folder.link('agents/circle.py', 'circle.py');
    expect(faultsOf('nowhere.py')).toEqual([]);
    expect(faultsOf('circle.py')).toEqual([]);
  });

  it('to AGENTS_DIR itself is accepted', () => {
    const place = folder.link('linked', agentsDir);
    expect(faultsOf('a.py', null, place)).toEqual([]);
    expect(faultsOf('../secret.py', null, place)).toEqual([OUTSIDE]);
    folder.link('agents/link.py', '../secret.py');
    expect(faultsOf('link.py', null, place)).toEqual([THROUGH_A_LINK]);
  });
});

describe('a cwd', () => {
  it('may be AGENTS_DIR or a folder inside it, whether it exists or not', () => {
    for (const cwd of ['.', 'sub', 'not/yet']) expect(faultsOf('a.py', cwd)).toEqual([]);
  });

  it('follows the same rules', () => {
    folder.link('agents/folder', folder.root);
    expect(faultsOf('a.py', '..')).toEqual(['/cwd must be inside AGENTS_DIR']);
    expect(faultsOf('a.py', 'folder')).toEqual(['/cwd must not leave AGENTS_DIR through a symbolic link']);
  });

  it('is reported together with the entry point', () => {
    expect(faultsOf('../secret.py', '/')).toEqual([OUTSIDE, '/cwd must be inside AGENTS_DIR']);
  });
});

describe('an AGENTS_DIR that does not exist yet', () => {
  it('accepts paths inside it', () => {
    expect(faultsOf('a.py', null, folder.at('later'))).toEqual([]);
    expect(faultsOf('../a.py', null, folder.at('later'))).toEqual([OUTSIDE]);
  });
});

describe('an interpreter', () => {
  const faultsFor = (interpreter: string | null) =>
    pathFaultsOf(definitionOf({ interpreter }), agentsDir).map(({ pointer, detail }) => `${pointer} ${detail}`);

  it.each([null, 'python3', 'none', 'bin/run', './run', 'not/yet'])('may be %s', (interpreter) => {
    folder.file('agents/bin/run', '', 0o755);
    expect(faultsFor(interpreter)).toEqual([]);
  });

  it('may be the linked python of a virtual environment, and no other link out of AGENTS_DIR', () => {
    folder.file('agents/tools/pyvenv.cfg');
    for (const name of ['tools/bin/python', 'tools/bin/python3.12', 'tools/bin/sh', 'bin/python']) {
      folder.link(`agents/${name}`, folder.at('secret.py'));
    }
    expect(faultsFor('tools/bin/python')).toEqual([]);
    expect(faultsFor('tools/bin/python3.12')).toEqual([]);
    for (const interpreter of ['tools/bin/sh', 'bin/python']) {
      expect(faultsFor(interpreter)).toEqual(['/interpreter must not leave AGENTS_DIR through a symbolic link']);
    }
  });

  it('may not be in a virtual environment that is linked from outside', () => {
    folder.file('elsewhere/pyvenv.cfg');
    folder.file('elsewhere/bin/python', '', 0o755);
    folder.link('agents/linked', folder.at('elsewhere'));
    expect(faultsFor('linked/bin/python')).toEqual(['/interpreter must not leave AGENTS_DIR through a symbolic link']);
  });

  it.each(['/usr/bin/python3', '../bin/python3', 'bin/../../python3'])('may not be %s', (interpreter) => {
    expect(faultsFor(interpreter)).toEqual(['/interpreter must be inside AGENTS_DIR']);
  });
});
