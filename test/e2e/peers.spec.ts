import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { LinuxProcessInspector } from '../../src/processes';
import { makeHealthAgent } from '../support/health-agent';
import { makeHealthPulse, type HealthPulse } from '../support/health-pulse';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

/**
 * Runs cases that other supervisors test, or should test, on the real parts. Each is named after its origin. Cases that
 * are pure decisions are in src/healing/machine/decisions-of-health.spec.ts and src/health/verdict.spec.ts.
 */
describe('cases from other supervisors', () => {
  const inspector = new LinuxProcessInspector();
  let service: TestService;
  let dependency: Server;
  let pulse: HealthPulse;
  let requests = 0;

  beforeAll(async () => {
    dependency = createServer((_, response) => {
      requests += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => dependency.listen(0, '127.0.0.1', resolve));
    service = await makeService({
      settings: {
        ...{ HEALTH_INTERVAL_SECONDS: '0.4', HEALTH_TIMEOUT_SECONDS: '0.4', STARTUP_GRACE_SECONDS: '6' },
        ...{ HEARTBEAT_TIMEOUT_SECONDS: '1.2', STABLE_SECONDS: '1' },
      },
    });
    pulse = await makeHealthPulse(service);
  });

  afterAll(async () => {
    pulse.close();
    dependency.closeAllConnections();
    dependency.close();
    await service.destroy();
  });

  const start = async (agentId: string, entryPoint: string, more: Readonly<Record<string, unknown>> = {}) => {
    await service.api.register({ agentId, name: agentId, entryPoint, ...more });
    return service.api.spawn(agentId);
  };

  it('Nomad: two failing checks cause one restart', async () => {
    const agent = await makeHealthAgent(service, 'fails-twice', { env: { BEAT: '{}', BEAT_EVERY_MS: '200' } });
    const before = await agent.isUp();
    process.kill(before.pid ?? 0, 'SIGSTOP'); // no answers and no heartbeats
    await agent.isReplaced(before.pid);
    expect(await agent.isUp()).toMatchObject({ restarts: 1, circuit: { failureCount: 1 } });
  });

  it('Nomad: a supervisor restart does not rerun the task', async () => {
    const file = path.join(service.home.root, 'starts');
    await start('task', 'counts-starts.py', { args: [file] });
    const starts = () => readFileSync(file, 'utf8').trim().split('\n');
    await until(() => starts().length === 1, 'it has started');
    await service.end('SIGKILL');
    await service.start();
    await until(async () => (await service.api.agent('task')).pid === Number(starts()[0]), 'it is adopted');
    expect(starts()).toHaveLength(1);
  });

  it('Nomad: a stop keeps the exit code', async () => {
    await start('exits-3', 'crasher.py', { args: ['3'], policy: { restart: 'never' } });
    await until(async () => (await service.api.agent('exits-3')).status === 'halted', 'it has crashed');
    await service.api.terminate('exits-3');
    expect(await service.api.get('/api/agents/exits-3/diagnosis')).toMatchObject({ body: { exitCode: 3 } });
  });

  it('kubelet: a stopped agent is not probed until its next launch', async () => {
    const { port } = dependency.address() as AddressInfo;
    await start('probed', 'sleeper.py', { healthUrl: `http://127.0.0.1:${port}/` });
    await until(() => requests > 0, 'the agent was probed');
    await service.api.terminate('probed');
    await pulse.checks(2); // a probe in flight may still arrive
    const before = requests;
    await pulse.checks(4);
    expect(requests).toBe(before);
    await service.api.spawn('probed');
    await until(() => requests > before, 'the new instance was probed');
  });

  it.each([
    ['circuitFailureThreshold', 0],
    ['circuitFailuresPerHour', -1],
    ['backoffBaseSeconds', 0],
    ['healthTimeoutSeconds', 'soon'],
    ['verifySeconds', -1],
  ])('OTP: invalid limits are refused: %s %j', async (name, value) => {
    const body = { agentId: 'limits', name: 'limits', entryPoint: 'sleeper.py', policy: { [name]: value } };
    expect(await service.api.post('/api/agents', body)).toMatchObject({
      status: 422,
      body: { code: 'invalid-request' },
    });
  });

  it('supervisord: a stop cancels a pending back-off', async () => {
    await start('waits', 'crasher.py', { policy: { backoffBaseSeconds: 600, backoffMaxSeconds: 600 } });
    await until(async () => (await service.api.agent('waits')).status === 'backing-off', 'it waits for its restart');
    expect(await service.api.terminate('waits')).toMatchObject({ status: 'stopped', nextAttemptAt: null });
  });

  it('process-compose: a stop cancels a restart in progress', async () => {
    await start('cancelled', 'sleeper.py');
    const restart = service.api.post('/api/agents/cancelled/restart', { delaySeconds: 30 });
    await until(async () => (await service.api.agent('cancelled')).pid === null, 'its process is gone');
    expect(await service.api.terminate('cancelled')).toMatchObject({ status: 'stopped' });
    expect(await restart).toMatchObject({ status: 409, body: { code: 'operation-in-progress' } });
  });

  it('process-compose: concurrent restarts never create two live processes', async () => {
    await start('often', 'sleeper.py');
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, livingAgents(service.home).get('often')?.length ?? 0);
    }, 10);
    await Promise.all(Array.from({ length: 12 }, () => service.api.post('/api/agents/often/restart')));
    clearInterval(timer);
    expect(most).toBe(1);
    expect(livingAgents(service.home).get('often')).toEqual([(await service.api.agent('often')).pid]);
  });

  it('process-compose: an orphaned child that holds the pipe does not block the restart, and is killed', async () => {
    const file = path.join(service.home.root, 'child');
    const program = `#!/bin/sh\nif [ -f '${file}' ]; then exec sleep 3600; fi\nsleep 3600 &\necho $! > '${file}'\nexit 1\n`;
    service.home.program('leaves-child.sh', program);
    await start('leaves-child', 'leaves-child.sh');
    await until(async () => (await service.api.agent('leaves-child')).status === 'running', 'it is back');
    const child = Number(readFileSync(file, 'utf8'));
    await until(() => inspector.facts(child) === null, 'the child is killed');
  });
});
