import { execFileSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { makeTempFolder, type TempFolder } from '../test/support/temp-folder';
import { InstanceLock } from './persistence';

const ROOT = path.resolve(__dirname, '..');

/** Checks that a lock in a clone never becomes a file that an operator commits. */
describe('.gitignore', () => {
  let clone: TempFolder;

  beforeEach(() => {
    clone = makeTempFolder();
    execFileSync('git', ['init', '--quiet'], { cwd: clone.root });
    copyFileSync(path.join(ROOT, '.gitignore'), clone.at('.gitignore'));
  });
  afterEach(() => {
    clone.remove();
  });

  const untracked = () =>
    execFileSync('git', ['status', '--porcelain', '--untracked-files=all'], { cwd: clone.root, encoding: 'utf8' });

  it('ignores the lock of the supervisor in any folder', async () => {
    const facts = { bootId: () => 'boot', startTime: () => 1, networkFileSystemOf: () => null };
    const locks = await InstanceLock.acquireAll([clone.root, clone.at('state/pm2')], facts);
    expect(untracked()).toBe('?? .gitignore\n');
    for (const lock of locks) lock.release();
  });

  it.each(['agent-spawner.lock.4711', 'agent-spawner.lock.stale.4711'])(
    'ignores what a killed supervisor leaves of taking a lock: %s',
    (name) => {
      clone.file(name, '{}');
      expect(untracked()).toBe('?? .gitignore\n');
    },
  );

  it.each(['install', 'build'])('ignores the lock of a killed %s', (step) => {
    clone.folder(`.agent-spawner-${step}.lock`);
    clone.file(`.agent-spawner-${step}.lock/pid`, '4711');
    expect(untracked()).toBe('?? .gitignore\n');
  });
});
