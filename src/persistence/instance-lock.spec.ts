import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { makeTempFolder, type TempFolder } from '../../test/support/temp-folder';
import { Problem } from '../kernel';
import { InstanceLock, type LockFacts } from './instance-lock';

const NAME = 'agent-spawner.lock';
const OTHER = process.pid + 1;

/** A machine on which we live, and whoever else is told of. */
function machine(others: Readonly<Record<number, number>> = {}, bootId = 'boot-1'): LockFacts {
  return {
    bootId: () => bootId,
    startTime: (pid) => (pid === process.pid ? 100 : (others[pid] ?? null)),
    networkFileSystemOf: () => null,
  };
}

function owner(changes: object = {}): string {
  return JSON.stringify({ hostname: hostname(), bootId: 'boot-1', pid: OTHER, startTime: 7, ...changes });
}

let folder: TempFolder;
beforeEach(() => {
  folder = makeTempFolder();
});
afterEach(() => {
  folder.remove();
});

function refusalOf(facts: LockFacts, where = folder.root): string {
  try {
    InstanceLock.acquire(where, facts);
  } catch (error) {
    if (error instanceof Problem && error.code === 'operation-in-progress') return error.detail;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('a lock that nobody holds', () => {
  it('is taken, in a folder that is made for it, and tells who holds it', () => {
    const where = folder.at('deep/er');
    InstanceLock.acquire(where, machine());
    expect(JSON.parse(readFileSync(folder.at(`deep/er/${NAME}`), 'utf8'))).toEqual({
      hostname: hostname(),
      bootId: 'boot-1',
      pid: process.pid,
      startTime: 100,
    });
    expect(statSync(where).mode & 0o777).toBe(0o700);
    expect(statSync(folder.at(`deep/er/${NAME}`)).mode & 0o777).toBe(0o600);
    expect(InstanceLock.holder(where, machine())).toEqual({ pid: process.pid });
  });

  it('leaves nothing beside it', () => {
    InstanceLock.acquire(folder.root, machine());
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });

  it('has no holder', () => {
    expect(InstanceLock.holder(folder.root, machine())).toBeNull();
    expect(InstanceLock.holder(folder.at('nowhere'), machine())).toBeNull();
  });
});

describe('a lock that a living process holds', () => {
  it('is refused, with its pid and the way out, and stays as it was', () => {
    const content = owner();
    folder.file(NAME, content);
    const detail = refusalOf(machine({ [OTHER]: 7 }));
    expect(detail).toContain(`pid ${OTHER}`);
    expect(detail).toContain('DATA_DIR');
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(content);
    expect(readdirSync(folder.root)).toEqual([NAME]);
    expect(InstanceLock.holder(folder.root, machine({ [OTHER]: 7 }))).toEqual({ pid: OTHER });
  });

  it('is refused to the same process a second time', () => {
    InstanceLock.acquire(folder.root, machine());
    expect(refusalOf(machine())).toContain(`pid ${process.pid}`);
  });
});

describe('a lock whose process is proven dead', () => {
  it.each([
    ['no process has its pid', machine()],
    ['its pid belongs to another process by now', machine({ [OTHER]: 8 })],
    ['the machine was started anew', machine({ [OTHER]: 7 }, 'boot-2')],
  ])('is taken over: %s', (_why, facts) => {
    folder.file(NAME, owner());
    expect(InstanceLock.holder(folder.root, facts)).toBeNull();
    InstanceLock.acquire(folder.root, facts);
    expect(InstanceLock.holder(folder.root, facts)).toEqual({ pid: process.pid });
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });

  it('is taken where somebody else moved it away a moment before', () => {
    const lock = folder.file(NAME, owner());
    const facts: LockFacts = {
      ...machine(),
      startTime: (pid) => {
        if (pid === OTHER) rmSync(lock, { force: true });
        return pid === process.pid ? 100 : null;
      },
    };
    InstanceLock.acquire(folder.root, facts);
    expect(InstanceLock.holder(folder.root, machine())).toEqual({ pid: process.pid });
  });

  it('is not taken from somebody who took it over a moment before', () => {
    const lock = folder.file(NAME, owner());
    const theirs = owner({ pid: OTHER + 1, startTime: 9 });
    const facts: LockFacts = {
      ...machine(),
      startTime: (pid) => {
        // Between our look at the lock and our moving it away, they take it over.
        if (pid === OTHER) writeFileSync(lock, theirs);
        return pid === process.pid ? 100 : pid === OTHER + 1 ? 9 : null;
      },
    };
    expect(refusalOf(facts)).toContain(`pid ${OTHER + 1}`);
    expect(readFileSync(lock, 'utf8')).toBe(theirs);
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });
});

describe('a lock of another machine', () => {
  it('is refused, whatever runs here, since nobody here can prove that its process is dead', () => {
    const content = owner({ hostname: 'elsewhere', bootId: 'boot-9' });
    folder.file(NAME, content);
    const detail = refusalOf(machine());
    expect(detail).toContain('elsewhere');
    expect(detail).toContain(`rm '${folder.at(NAME)}'`);
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(content);
    expect(InstanceLock.holder(folder.root, machine())).toEqual({ pid: OTHER });
  });
});

describe('a folder on a network file system', () => {
  const asked: string[] = [];
  const networked = (where: string): LockFacts => ({
    ...machine(),
    networkFileSystemOf: (folder) => {
      asked.push(folder);
      return folder === where ? 'NFS' : null;
    },
  });

  it('is refused, in one sentence that names it and says what to do, and nothing is written there', () => {
    const where = folder.at('shared');
    const detail = refusalOf(networked(where), where);
    expect(detail).toContain(`${where} lies on a network file system (NFS)`);
    expect(detail).toMatch(/: choose a folder on a local disk \(DATA_DIR and PM2_HOME\)\.$/);
    expect(readdirSync(where)).toEqual([]);
    expect(asked).toContain(where);
  });

  it('is asked about before anybody looks for a lock in it, for a lock there proves nothing', () => {
    folder.file(NAME, owner());
    expect(refusalOf(networked(folder.root))).toContain('network file system');
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(owner());
  });
});

describe('a file that is no lock of ours', () => {
  it.each([
    '',
    'null',
    '{',
    '[]',
    '"text"',
    owner({ pid: 'x' }),
    owner({ pid: 1.5 }),
    owner({ startTime: null }),
    owner({ hostname: 5 }),
    '{"__proto__":{"pid":1}}',
    '\0'.repeat(1000),
  ])('is refused with the command that removes it, and is not touched: %j', (content) => {
    folder.file(NAME, content);
    expect(refusalOf(machine())).toContain(`rm '${folder.at(NAME)}'`);
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(content);
    expect(InstanceLock.holder(folder.root, machine())).toBeNull();
  });

  it('is given up after a few attempts where it is a link that leads nowhere', () => {
    folder.link(NAME, 'gone');
    expect(refusalOf(machine())).toContain('changes hands');
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });

  it('is not taken for a free place where it is a folder', () => {
    folder.folder(NAME);
    expect(() => InstanceLock.acquire(folder.root, machine())).toThrow('EISDIR');
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });
});

describe('release', () => {
  it('gives the lock back, so that the next one gets it', () => {
    InstanceLock.acquire(folder.root, machine()).release();
    expect(existsSync(folder.at(NAME))).toBe(false);
    InstanceLock.acquire(folder.root, machine());
  });

  it("leaves a lock alone that is somebody else's by now", () => {
    const lock = InstanceLock.acquire(folder.root, machine());
    const theirs = owner();
    writeFileSync(folder.at(NAME), theirs);
    lock.release();
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(theirs);
  });

  it('may be called when the lock is gone', () => {
    const lock = InstanceLock.acquire(folder.root, machine());
    lock.release();
    expect(() => {
      lock.release();
    }).not.toThrow();
  });
});
