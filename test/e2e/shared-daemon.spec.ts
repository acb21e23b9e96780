import { spawn } from 'node:child_process';
import { makeTestHome } from '../support/pm2-home';
import { makeService } from '../support/service';
import { until } from '../support/until';

interface HealthReport {
  readonly service: readonly { readonly name: string; readonly detail: string | null }[];
}

it('unrelated applications under the same PM2 stay unchanged through every operation', async () => {
  const service = await makeService();
  try {
    const { home } = service;
    const script = home.program('unrelated.sh', '#!/bin/sh\nexec sleep 1000\n');
    home.pm2('start', script, '--name', 'unrelated', '--interpreter', 'none');
    // It has the name of an agent, in another namespace.
    home.pm2('start', script, '--name', 'mine', '--interpreter', 'none', '--force');
    const unrelated = () => home.list().filter(({ pm2_env: { namespace } }) => namespace !== 'agents');
    const before = unrelated().map(({ name, pid }) => `${name} ${pid}`);
    await service.api.register({ agentId: 'mine', name: 'mine', entryPoint: 'sleeper.sh' });
    await service.api.spawn('mine');
    await service.api.restart('mine');
    process.kill((await service.api.agent('mine')).pid ?? 0, 'SIGKILL');
    await until(async () => (await service.api.agent('mine')).status === 'running', 'it is healed');
    await service.api.terminate('mine');
    await service.api.expect(204, 'DELETE', '/api/agents/mine');
    await service.end('SIGKILL');
    await service.start();
    await service.api.post('/api/agents/terminate', {});
    expect(unrelated().map(({ name, pid }) => `${name} ${pid}`)).toEqual(before);
  } finally {
    await service.destroy();
  }
});

it('a daemon of another major version is refused and left unchanged, and the message names both options', async () => {
  const home = makeTestHome();
  const daemon = spawn(process.execPath, [require.resolve('pm2/lib/Daemon.js')], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: {
      ...{ PATH: process.env.PATH, HOME: home.root, PM2_HOME: home.pm2Home, TEST_PM2_VERSION: '6.0.14' },
      NODE_OPTIONS: `--require ${require.resolve('../fixtures/preload/other-pm2-version.cjs')}`,
    },
  });
  await new Promise((resolve) => daemon.once('message', resolve));
  daemon.disconnect();
  const service = await makeService({ home });
  try {
    const bothOptions = /version 6\.0\.14.*PM2_HOME=\.\/data\/pm2 npm start.*npx pm2 update/;
    expect(service.output()).toMatch(bothOptions);
    await service.api.register({ agentId: 'one', name: 'one', entryPoint: 'sleeper.sh' });
    const spawned = await service.api.post<{ code: string; detail: string }>('/api/agents/one/spawn');
    expect([spawned.status, spawned.body.code]).toEqual([503, 'process-manager-unavailable']);
    expect(spawned.body.detail).toMatch(bothOptions);
    const ready = await service.api.get<{ error: { pm2: { reason: string } } }>('/health/ready');
    expect([ready.status, ready.body.error.pm2.reason]).toEqual([503, 'PM2 does not answer']);
    const { service: parts } = await service.api.expect<HealthReport>(200, 'GET', '/api/health');
    expect(parts.find(({ name }) => name === 'pm2')?.detail).toMatch(bothOptions);
    await service.api.terminate('one');
    expect(daemon.exitCode).toBeNull();
  } finally {
    await service.destroy();
  }
});
