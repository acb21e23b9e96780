import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Problem } from '../kernel';
import { InstanceLock, type LockFacts } from './instance-lock';

import {
  acquire,
  acquired,
  folder,
  machine,
  NAME,
  OTHER,
  owner,
  refusalOf,
  useLockFolder,
} from '../../test/support/lock-folder';

useLockFolder();

describe('a free lock', () => {
  it('is acquired in a new folder, and names its holder', async () => {
    const where = folder.at('deep/er');
    await acquire(where, machine());
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

  it('leaves no other file in the folder', async () => {
    await acquire(folder.root, machine());
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });

  it('has no holder', () => {
    expect(InstanceLock.holder(folder.root, machine())).toBeNull();
    expect(InstanceLock.holder(folder.at('nowhere'), machine())).toBeNull();
  });
});

describe('a lock held by a live process', () => {
  it('is refused with the pid of the holder and what to do, and stays unchanged', async () => {
    const content = owner();
    folder.file(NAME, content);
    const detail = await refusalOf(machine({ [OTHER]: 7 }));
    expect(detail).toContain(`pid ${OTHER}`);
    expect(detail).toContain('DATA_DIR');
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(content);
    expect(readdirSync(folder.root)).toEqual([NAME]);
    expect(InstanceLock.holder(folder.root, machine({ [OTHER]: 7 }))).toEqual({ pid: OTHER });
  });

  it('is refused to the process that already holds it', async () => {
    await acquire(folder.root, machine());
    expect(await refusalOf(machine())).toContain(`pid ${process.pid}`);
  });
});

(process.platform === 'linux' ? describe : describe.skip)('a second supervisor that cannot see the holder', () => {
  it.each([
    ['the pid of the holder is not visible, as in another container', () => folder.file(NAME, owner())],
    ['its lock file was removed', () => rmSync(folder.at(NAME))],
  ])('is refused: %s', async (_why, hide) => {
    await acquire(folder.root, machine());
    hide();
    const left = readdirSync(folder.root);
    expect(await refusalOf(machine())).toMatch(/Another agent-spawner .* lock file was removed.*DATA_DIR/);
    expect(readdirSync(folder.root)).toEqual(left);
  });

  it('is refused through a link to the folder too, but not for another folder', async () => {
    folder.folder('real');
    folder.link('link', 'real');
    await acquire(folder.at('real'), machine());
    rmSync(folder.at(`real/${NAME}`));
    expect(await refusalOf(machine(), folder.at('link'))).toContain('Another agent-spawner');
    await acquire(folder.at('other'), machine());
  });
});

describe('a lock whose holder is proven dead', () => {
  it.each([
    ['no process has its pid', machine()],
    ['its pid was reused by another process', machine({ [OTHER]: 8 })],
    ['the machine was rebooted', machine({ [OTHER]: 7 }, 'boot-2')],
  ])('is taken over: %s', async (_why, facts) => {
    folder.file(NAME, owner());
    expect(InstanceLock.holder(folder.root, facts)).toBeNull();
    await acquire(folder.root, facts);
    expect(InstanceLock.holder(folder.root, facts)).toEqual({ pid: process.pid });
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });

  it('is taken over if another process removed it a moment before', async () => {
    const lock = folder.file(NAME, owner());
    const facts: LockFacts = {
      ...machine(),
      startTime: (pid) => {
        if (pid === OTHER) rmSync(lock, { force: true });
        return pid === process.pid ? 100 : null;
      },
    };
    await acquire(folder.root, facts);
    expect(InstanceLock.holder(folder.root, machine())).toEqual({ pid: process.pid });
  });

  it('is not taken from another process that took it over a moment before', async () => {
    const lock = folder.file(NAME, owner());
    const theirs = owner({ pid: OTHER + 1, startTime: 9 });
    const facts: LockFacts = {
      ...machine(),
      startTime: (pid) => {
        // Another process takes the lock over between the read of the stale lock and its removal.
        if (pid === OTHER) writeFileSync(lock, theirs);
        return pid === process.pid ? 100 : pid === OTHER + 1 ? 9 : null;
      },
    };
    expect(await refusalOf(facts)).toContain(`pid ${OTHER + 1}`);
    expect(readFileSync(lock, 'utf8')).toBe(theirs);
    expect(readdirSync(folder.root)).toEqual([NAME]);
  });
});

describe('release', () => {
  it('frees the lock for the next process', async () => {
    (await acquire(folder.root, machine())).release();
    expect(existsSync(folder.at(NAME))).toBe(false);
    await acquire(folder.root, machine());
  });

  it('leaves a lock that another process took over', async () => {
    const lock = await acquire(folder.root, machine());
    const theirs = owner();
    writeFileSync(folder.at(NAME), theirs);
    lock.release();
    expect(readFileSync(folder.at(NAME), 'utf8')).toBe(theirs);
  });

  it('may be called again after the lock was released', async () => {
    const lock = await acquire(folder.root, machine());
    lock.release();
    expect(() => {
      lock.release();
    }).not.toThrow();
  });
});

describe('the locks of several folders', () => {
  const folders = () => [folder.at('data'), folder.at('pm2')];

  it('are acquired together, and once for a folder that is named twice', async () => {
    const [data = '', pm2 = ''] = folders();
    acquired.push(...(await InstanceLock.acquireAll([data, pm2, data], machine())));
    expect(acquired).toHaveLength(2);
    for (const each of folders()) expect(InstanceLock.holder(each, machine())).toEqual({ pid: process.pid });
  });

  it('are released again if one of them is refused', async () => {
    folder.folder('pm2');
    folder.file(`pm2/${NAME}`, owner());
    await expect(InstanceLock.acquireAll(folders(), machine({ [OTHER]: 7 }))).rejects.toThrow(Problem);
    expect(readdirSync(folder.at('data'))).toEqual([]);
    await acquire(folder.at('data'), machine());
  });
});
