import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

describe('a backup of the service', () => {
  let service: TestService;
  const folder = () => path.join(service.home.dataDir, 'backups');
  const backups = () => (existsSync(folder()) ? readdirSync(folder()).filter((name) => name.endsWith('.json')) : []);

  beforeAll(async () => {
    service = await makeService();
    await service.api.register({
      agentId: 'saved',
      name: 'Saved',
      entryPoint: 'sleeper.py',
      env: { KEY: 'very-secret' },
    });
    await service.api.spawn('saved');
  });

  afterAll(async () => {
    await service.destroy();
  });

  /** Runs the backup command. @returns the path that it prints */
  async function backUp(): Promise<string> {
    const { code, output } = await service.run('cli/backup.js');
    expect([code, output]).toEqual([0, expect.stringContaining('do not share it')]);
    const file = output.split('\n', 1)[0] ?? '';
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ format: 'agent-spawner backup' });
    return file;
  }

  it('is made at the first start, on request while the service runs, and at shutdown', async () => {
    await until(() => backups().length === 1, 'the first backup exists');
    const requested = await backUp();
    expect(backups()).toContain(path.basename(requested));
    expect(backups()).toHaveLength(2);
    expect(readFileSync(requested, 'utf8')).toContain('very-secret');
    await service.end('SIGTERM');
    expect(backups()).toHaveLength(3);
    // The request and its answer are removed.
    expect(readdirSync(folder())).toEqual(backups());
  });

  it('is made without a running service, and restores agents, history and secrets into an empty folder', async () => {
    const file = await backUp();
    const other = path.join(service.home.root, 'kept.json');
    const { renameSync } = await import('node:fs');
    renameSync(file, other);
    rmSync(path.join(service.home.dataDir, 'db'), { recursive: true });
    const { code, output } = await service.run('cli/restore-backup.js', other);
    expect([code, output]).toEqual([0, expect.stringContaining('Restored')]);
    await service.start();
    expect(await service.api.agent('saved')).toMatchObject({ desiredState: 'running', env: { KEY: '***' } });
    await until(async () => (await service.api.agent('saved')).status === 'running', 'it runs');
    const seqs = (await service.api.events()).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(await service.api.eventTypes('saved')).toEqual(
      expect.arrayContaining(['agent.registered', 'agent.spawned']),
    );
  });

  it('is not restored while a supervisor runs, or from a missing file, and nothing changes then', async () => {
    const before = readdirSync(service.home.dataDir).sort();
    const running = await service.run('cli/restore-backup.js', path.join(service.home.root, 'kept.json'));
    expect(running).toMatchObject({ code: 1, output: expect.stringContaining('already uses') as unknown });
    await service.end('SIGTERM');
    const missing = await service.run('cli/restore-backup.js', 'no-such-file.json');
    expect(missing).toMatchObject({ code: 1, output: expect.stringContaining('no such file') as unknown });
    const { code, output } = await service.run('cli/restore-backup.js');
    expect([code, output]).toEqual([1, expect.stringContaining('npm run restore-backup FILE')]);
    expect(readdirSync(service.home.dataDir).sort()).toEqual(before.filter((name) => !name.endsWith('.lock')));
  });

  it('moves an existing database aside when restored', async () => {
    const { code, output } = await service.run('cli/restore-backup.js', path.join(service.home.root, 'kept.json'));
    expect([code, output]).toEqual([0, expect.stringContaining('db.before-restore-')]);
    expect(readdirSync(service.home.dataDir).filter((name) => name.startsWith('db'))).toEqual([
      'db',
      expect.stringMatching(/^db\.before-restore-/),
    ]);
    await service.start();
    expect((await service.api.agents()).map(({ agentId }) => agentId)).toEqual(['saved']);
  });
});
