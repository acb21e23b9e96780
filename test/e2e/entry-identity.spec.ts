import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/processes/process-table/linux-process-inspector';
import type { ListedByPm2 } from '../support/pm2-home';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

/** Checks that a pm_id, a name or a namespace alone never makes the supervisor treat an entry as its own. */
describe('an entry of PM2’s list', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await makeService();
    for (const agentId of ['first', 'second']) {
      await service.api.register({ agentId, name: agentId, entryPoint: 'sleeper.sh' });
    }
  });

  afterAll(async () => {
    await service.destroy();
  });

  const entryOf = async (name: string): Promise<ListedByPm2 | undefined> =>
    (await service.home.listInShell()).find((each) => each.name === name);

  it('survives the deletion of an agent that had its pm_id under an earlier daemon', async () => {
    const { api, home } = service;
    await api.spawn('first');
    await api.terminate('first');
    const before = await entryOf('first');
    const daemon = home.daemonPid() ?? 0;
    process.kill(daemon, 'SIGKILL');
    await until(() => home.daemonPid() !== daemon, 'the daemon is gone');
    // 503 until the supervisor has noticed the loss and connected to another daemon.
    await until(async () => (await api.post('/api/agents/second/spawn')).status === 200, 'it is launched');
    await api.terminate('second');
    expect((await entryOf('second'))?.pm2_env.pm_id).toBe(before?.pm2_env.pm_id);
    await api.expect(204, 'DELETE', '/api/agents/first');
    expect(await entryOf('second')).toBeDefined();
  });

  it('survives the uninstallation if an operator created it, even in the namespace or with the name of an agent', async () => {
    const { api, home } = service;
    await api.register({ agentId: 'third', name: 'third', entryPoint: 'sleeper.sh' });
    const { pid } = await api.spawn('second');
    await api.spawn('third');
    await api.terminate('third');
    await service.end();
    const startInShell = (name: string) =>
      home.pm2('start', `${home.agentsDir}/sleeper.sh`, '--interpreter', 'sh', '--name', name, '--namespace', 'agents');
    startInShell('unrelated');
    startInShell('first');
    const { code, output } = await service.run('cli/uninstall.js');
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain(`second: killed (pid ${pid ?? 0})`);
    expect(output).toContain('it also runs');
    const left = home.list().map(({ name, pm2_env }) => `${name} ${String(pm2_env.status)}`);
    expect(left.sort()).toEqual(['first online', 'unrelated online']);
  });

  it('leaves no agent running when it is uninstalled after PM2 has died', async () => {
    await service.start();
    const { api, home } = service;
    const { pid } = await api.spawn('second');
    await service.end();
    const daemon = home.daemonPid();
    if (daemon === null) throw new Error('there is no daemon');
    process.kill(daemon, 'SIGKILL');
    await until(() => home.daemonPid() === null, 'the daemon is dead');
    const { code, output } = await service.run('cli/uninstall.js');
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toContain(`(pid ${pid ?? 0})`);
    expect(new LinuxProcessInspector().facts(pid ?? 0)).toBeNull();
  });
});

describe('an uninstallation that is refused the lock of PM2_HOME', () => {
  it('leaves no lock in DATA_DIR', async () => {
    const service = await makeService();
    try {
      await service.end();
      const { dataDir, pm2Home } = service.home;
      const other = { hostname: 'another-machine', bootId: 'boot', pid: 1, startTime: 1 };
      writeFileSync(path.join(pm2Home, 'agent-spawner.lock'), JSON.stringify(other));
      const { code, output } = await service.run('cli/uninstall.js');
      expect({ code, output }).toMatchObject({ code: 1 });
      expect(output).toContain('another-machine');
      expect(existsSync(path.join(dataDir, 'agent-spawner.lock'))).toBe(false);
    } finally {
      await service.destroy();
    }
  });
});
