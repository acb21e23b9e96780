import { readdirSync, readFileSync } from 'node:fs';
import { InstanceLock, type LockFacts } from './instance-lock';

import { acquire, folder, machine, NAME, OTHER, owner, refusalOf, useLockFolder } from '../../test/support/lock-folder';

useLockFolder();

describe('a lock of another machine', () => {
  it('is refused, because its holder cannot be proven dead from here', async () => {
    const content = owner({ hostname: 'elsewhere', bootId: 'boot-9' });
    folder.file(NAME, content);
    const detail = await refusalOf(machine());
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

  it('is refused with its type and what to do, and nothing is written there', async () => {
    const where = folder.at('shared');
    const detail = await refusalOf(networked(where), where);
    expect(detail).toContain(`${where} is on a network file system (NFS)`);
    expect(detail).toMatch(/\. Choose a folder on a local disk \(DATA_DIR and PM2_HOME\)\.$/);
    expect(readdirSync(where)).toEqual([]);
    expect(asked).toContain(where);
  });

  it('is refused before its lock file is read, because a lock there proves nothing', async () => {
    folder.file(NAME, owner());
    expect(await refusalOf(networked(folder.root))).toContain('network file system');
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(owner());
  });
});

describe('a file that is not a lock of agent-spawner', () => {
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
  ])('is refused with the command that removes it, and stays unchanged: %j', async (content) => {
    folder.file(NAME, content);
    expect(await refusalOf(machine())).toContain(`rm '${folder.at(NAME)}'`);
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(content);
    expect(InstanceLock.holder(folder.root, machine())).toBeNull();
  });

  it('is refused after a few attempts if it is a dangling link', async () => {
    folder.link(NAME, 'gone');
    expect(await refusalOf(machine())).toContain('keep taking');
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });

  it('is not mistaken for a free lock if it is a folder', async () => {
    folder.folder(NAME);
    await expect(acquire(folder.root, machine())).rejects.toThrow('EISDIR');
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });
});
