import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseBackup, type Backup } from '../../src/persistence/backup/backup-file';
import { openTestDatabase } from '../support/database';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';
import { until } from '../support/until';
import { Database, writeBackup } from '../../src/persistence';
import { FakeClock } from '../support/fake-clock';
import { seededRandom } from '../support/seeded';

/**
 * Number of kills. Each takes about ten seconds, because a restore creates a whole database. Set KILLS=100 to test more
 * moments.
 */
const KILLS = Number(process.env.KILLS ?? 4);
const SEED = Number(process.env.KILLS_SEED ?? 1);
const PATIENCE_MS = 600_000;

/** Kills the built programs at random moments, without a running service: no data may be lost. */
describe('on a folder with special characters in its name,', () => {
  let folder: TempFolder;
  let dataDir: string;
  /** A backup of a database other than the initial one. */
  let other: string;
  const children = new Set<ChildProcess>();
  const random = seededRandom(SEED);

  beforeAll(async () => {
    folder = makeTempFolder();
    dataDir = folder.folder(`dä ta's "1" $HOME;\\ %20 #`);
    other = await backupWith('other');
    const here = await backupWith('here');
    expect(await run('cli/restore-backup.js', here)).toMatchObject({ code: 0 });
  }, PATIENCE_MS);

  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    folder.remove();
  });

  async function backupWith(agentId: string): Promise<string> {
    const { database, destroy } = await openTestDatabase();
    await insert(database, agentId);
    const file = await writeBackup(database, folder.at(`from ${agentId}`), new FakeClock());
    await destroy();
    return file;
  }

  const insert = (database: Database, agentId: string) =>
    database.transaction((tx) =>
      tx
        .insertInto('local.agent_env')
        .values({ agent_id: agentId, env: JSON.stringify({ BIG: 'x'.repeat(2_000_000) }) })
        .execute(),
    );

  function begin(program: string, ...args: string[]) {
    const env = { PATH: process.env.PATH, HOME: folder.root, DATA_DIR: dataDir };
    const child = spawn(process.execPath, [path.resolve(__dirname, '../../dist', program), ...args], {
      cwd: folder.root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, PM2_HOME: folder.at('pm2') },
    });
    children.add(child);
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<{ code: number | null; output: string }>((resolve) =>
      child.once('close', (code) => {
        children.delete(child);
        resolve({ code, output });
      }),
    );
    return { child, ended };
  }

  const run = (program: string, ...args: string[]) => begin(program, ...args).ended;

  /** Starts a program and kills it at a random moment. @returns true if it had finished before */
  async function killAtRandom(tookMs: number, program: string, ...args: string[]): Promise<boolean> {
    const { child, ended } = begin(program, ...args);
    const timer = setTimeout(() => child.kill('SIGKILL'), random() * tookMs);
    const { code } = await ended;
    clearTimeout(timer);
    return code === 0;
  }

  async function measureMs(program: string, ...args: string[]): Promise<number> {
    const began = performance.now();
    expect(await run(program, ...args)).toMatchObject({ code: 0 });
    return performance.now() - began;
  }

  /** Returns the agents of the present database, according to a backup of it. */
  async function presentAgents(): Promise<string[]> {
    const { code, output } = await run('cli/backup.js');
    expect([code, output]).toEqual([0, expect.stringContaining('do not share it')]);
    const { tables } = contentOf(output.split('\n', 1)[0] ?? '');
    return (tables['local.agent_env'] ?? []).map((row) => String(row.agent_id));
  }

  const contentOf = (file: string): Backup => parseBackup(readFileSync(file, 'utf8'), file);
  const databases = () => readdirSync(dataDir).filter((left) => left.startsWith('db'));
  const backups = () => path.join(dataDir, 'backups');

  it(
    `a restore that is killed ${KILLS} times leaves the old or the new database complete`,
    async () => {
      expect(await presentAgents()).toEqual(['here']);
      const tookMs = await measureMs('cli/restore-backup.js', other);
      let expected = 'other';
      for (let kill = 0; kill < KILLS; kill += 1) {
        const [name, file] =
          kill % 2 === 0 ? ['here', path.join(folder.at('from here'))] : ['other', folder.at('from other')];
        const from = path.join(file, readdirSync(file)[0] ?? '');
        const isDone = await killAtRandom(tookMs, 'cli/restore-backup.js', from);
        const present = await presentAgents();
        if (isDone) expect(present).toEqual([name]);
        expect([[expected], [name]]).toContainEqual(present);
        expected = present[0] ?? '';
        expect(statSync(path.join(dataDir, 'db')).mode & 0o777).toBe(0o700);
        for (const left of readdirSync(dataDir))
          if (left.startsWith('db.before-restore')) rmSync(path.join(dataDir, left), { recursive: true });
        // The process that creates an empty database exits shortly after its parent. The next start removes its files.
        expect(databases().filter((left) => !left.includes('.new-'))).toEqual(['db']);
      }
      await until(
        async () => (await presentAgents()).length === 1 && databases().length === 1,
        'no temporary folder is left',
        60_000,
      );
    },
    PATIENCE_MS,
  );

  it(
    `a backup that is killed ${KILLS} times leaves no partial file under a final name`,
    async () => {
      const tookMs = await measureMs('cli/backup.js');
      for (let kill = 0; kill < KILLS; kill += 1) {
        await killAtRandom(tookMs, 'cli/backup.js');
        const named = readdirSync(backups()).filter((name) => name.endsWith('.json'));
        for (const name of named) contentOf(path.join(backups(), name));
      }
      await presentAgents();
      expect(readdirSync(backups()).filter((name) => !name.endsWith('.json'))).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'ten simultaneous backups are made one after the other',
    async () => {
      // A draft that an operator left there must not disturb them.
      writeFileSync(path.join(backups(), 'backup-2026-01-01T00-00-00.000Z.json.draft'), 'left');
      const made = await Promise.all(Array.from({ length: 10 }, () => run('cli/backup.js')));
      expect(made.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 0));
      const files = made.map(({ output }) => output.split('\n', 1)[0] ?? '');
      const kept = files.filter((file) => existsSync(file));
      expect(kept.length).toBeGreaterThanOrEqual(7);
      for (const file of kept) contentOf(file);
    },
    PATIENCE_MS,
  );
});
