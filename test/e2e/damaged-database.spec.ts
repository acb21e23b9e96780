import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Database } from '../../src/persistence';
import { makeService, type TestService } from '../support/service';

describe('a damaged database', () => {
  let service: TestService;
  let whole: string;
  const dataDir = () => service.home.dataDir;
  const at = (name: string) => path.join(dataDir(), 'db', name);

  beforeAll(async () => {
    service = await makeService();
    await service.end('SIGTERM');
    whole = path.join(service.home.root, 'whole');
    cpSync(dataDir(), whole, { recursive: true });
  });

  afterAll(async () => {
    await service.destroy();
  });

  beforeEach(() => {
    rmSync(dataDir(), { recursive: true });
    cpSync(whole, dataDir(), { recursive: true });
  });

  const noise = (bytes: number) =>
    createHash('sha512')
      .update('noise')
      .digest('hex')
      .repeat(bytes / 128);

  /** Returns the hash of each file in DATA_DIR. */
  function listing(): Map<string, string> {
    const names = readdirSync(dataDir(), { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(path.join(dataDir(), name)).isFile(),
    );
    const hashOf = (name: string) =>
      createHash('sha256')
        .update(readFileSync(path.join(dataDir(), name)))
        .digest('hex');
    return new Map(names.sort().map((name) => [name, hashOf(name)]));
  }

  it.each<[string, () => void]>([
    [
      'its control file is garbage',
      () => {
        writeFileSync(at('global/pg_control'), noise(8_192));
      },
    ],
    [
      'its control file is truncated',
      () => {
        truncateSync(at('global/pg_control'), 100);
      },
    ],
    [
      'its control file is missing',
      () => {
        rmSync(at('global/pg_control'));
      },
    ],
    [
      'its log is garbage',
      () => {
        for (const name of readdirSync(at('pg_wal')).filter((each) => /^[0-9A-F]{24}$/.test(each)))
          writeFileSync(at(`pg_wal/${name}`), noise(statSync(at(`pg_wal/${name}`)).size));
      },
    ],
    [
      'its version file is missing',
      () => {
        rmSync(at('PG_VERSION'));
      },
    ],
    [
      'a file is in its place',
      () => {
        rmSync(at(''), { recursive: true });
        writeFileSync(path.join(dataDir(), 'db'), 'mine');
      },
    ],
  ])('(%s) is refused with what to do, and nothing is deleted or changed', async (_, damage) => {
    damage();
    const before = listing();
    const { code, output } = await service.attempt({});
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/^agent-spawner: The database in .* cannot be opened: .*\n$/),
    ]);
    expect(output).toContain('Nothing was deleted. Restore a backup (npm run restore-backup FILE');
    const after = listing();
    // Postgres leaves this file behind if it exits at once.
    after.delete('db/postmaster.pid');
    expect(after).toEqual(before);
  });

  it('(it is newer than the program) is refused, and both versions are named', async () => {
    const database = await Database.open(path.join(dataDir(), 'db'));
    await database.transaction((tx) =>
      tx.insertInto('local.applied_migration').values({ name: '29990101000001_later', checksum: 'x' }).execute(),
    );
    await database.close();
    const { code, output } = await service.attempt({});
    expect(code).toBe(1);
    expect(output).toMatch(/newer than this program: it has 29990101000001_later, .* knows up to local-\d+/);
    expect(output.trim().split('\n')).toHaveLength(1);
  });

  it('can be replaced by a backup', async () => {
    writeFileSync(at('global/pg_control'), noise(8_192));
    const backup = readdirSync(path.join(dataDir(), 'backups')).at(-1) ?? '';
    const { code } = await service.run('cli/restore-backup.js', path.join(dataDir(), 'backups', backup));
    expect(code).toBe(0);
    await service.start();
    await service.api.agents();
  });
});
