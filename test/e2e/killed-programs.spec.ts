import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseBackup, type Backup } from '../../src/persistence/backup';
import { openTestDatabase } from '../support/database';
import { makeTempFolder, type TempFolder } from '../support/temp-folder';
import { until } from '../support/until';
import { Database, writeBackup } from '../../src/persistence';
import { FakeClock } from '../support/fake-clock';

const KILLS = 20;
const PATIENCE_MS = 600_000;

/** The built programs, on a folder of an odd name, with no service: killed at any moment they lose nothing. */
describe('on a folder of an odd name', () => {
  let folder: TempFolder;
  let dataDir: string;
  /** Of another database than the one that is there at first. */
  let other: string;
  const children = new Set<ChildProcess>();

  beforeAll(async () => {
    folder = makeTempFolder();
    dataDir = folder.folder(`dä ta's "1" $HOME;\\ %20 #`);
    other = await backupWith('other');
    const here = await backupWith('here');
    expect(await run('restore-backup.js', here)).toMatchObject({ code: 0 });
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

  async function killSomewhere(tookMs: number, program: string, ...args: string[]): Promise<boolean> {
    const { child, ended } = begin(program, ...args);
    const timer = setTimeout(() => child.kill('SIGKILL'), Math.random() * tookMs);
    const { code } = await ended;
    clearTimeout(timer);
    return code === 0;
  }

  async function timed(program: string, ...args: string[]): Promise<number> {
    const began = performance.now();
    expect(await run(program, ...args)).toMatchObject({ code: 0 });
    return performance.now() - began;
  }

  /** Whose database is there now, as a backup of it says. */
  async function whatIsThere(): Promise<string[]> {
    const { code, output } = await run('backup.js');
    expect([code, output]).toEqual([0, expect.stringContaining('keep it to yourself')]);
    const { tables } = contentOf(output.split('\n', 1)[0] ?? '');
    return (tables['local.agent_env'] ?? []).map((row) => String(row.agent_id));
  }

  const contentOf = (file: string): Backup => parseBackup(readFileSync(file, 'utf8'), file);
  const databases = () => readdirSync(dataDir).filter((left) => left.startsWith('db'));
  const backups = () => path.join(dataDir, 'backups');

  it(
    `a restore that is killed ${KILLS} times leaves the old database or the new one, whole`,
    async () => {
      expect(await whatIsThere()).toEqual(['here']);
      const tookMs = await timed('restore-backup.js', other);
      let expected = 'other';
      for (let kill = 0; kill < KILLS; kill += 1) {
        const [name, file] =
          kill % 2 === 0 ? ['here', path.join(folder.at('from here'))] : ['other', folder.at('from other')];
        const from = path.join(file, readdirSync(file)[0] ?? '');
        const isDone = await killSomewhere(tookMs, 'restore-backup.js', from);
        const there = await whatIsThere();
        if (isDone) expect(there).toEqual([name]);
        expect([[expected], [name]]).toContainEqual(there);
        expected = there[0] ?? '';
        expect(statSync(path.join(dataDir, 'db')).mode & 0o777).toBe(0o700);
        for (const left of readdirSync(dataDir))
          if (left.startsWith('db.before-restore')) rmSync(path.join(dataDir, left), { recursive: true });
        // The process that makes an empty one ends a moment after its parent; what it leaves goes with the next start.
        expect(databases().filter((left) => !left.includes('.new-'))).toEqual(['db']);
      }
      await until(
        async () => (await whatIsThere()).length === 1 && databases().length === 1,
        'nothing is left',
        60_000,
      );
    },
    PATIENCE_MS,
  );

  it(
    `a backup that is killed ${KILLS} times leaves no half file under its name`,
    async () => {
      const tookMs = await timed('backup.js');
      for (let kill = 0; kill < KILLS; kill += 1) {
        await killSomewhere(tookMs, 'backup.js');
        const named = readdirSync(backups()).filter((name) => name.endsWith('.json'));
        for (const name of named) contentOf(path.join(backups(), name));
      }
      await whatIsThere();
      expect(readdirSync(backups()).filter((name) => !name.endsWith('.json'))).toEqual([]);
    },
    PATIENCE_MS,
  );

  it(
    'ten backups at once are made one after the other',
    async () => {
      // What a person put there is in nobody's way.
      writeFileSync(path.join(backups(), 'backup-2026-01-01T00-00-00.000Z.json.draft'), 'left');
      const made = await Promise.all(Array.from({ length: 10 }, () => run('backup.js')));
      expect(made.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, () => 0));
      const files = made.map(({ output }) => output.split('\n', 1)[0] ?? '');
      const kept = files.filter((file) => existsSync(file));
      expect(kept.length).toBeGreaterThanOrEqual(7);
      for (const file of kept) contentOf(file);
    },
    PATIENCE_MS,
  );
});
