import { randomBytes, randomUUID } from 'node:crypto';
import { SystemClock } from '../../../src/config';
import { LinuxProcessInspector, mintAgentToken, Pm2Runtime, type RuntimeSignal } from '../../../src/runtime';
import { makeTestHome } from '../../support/pm2-home';
import { until } from '../../support/until';

test('smoke', async () => {
  const home = makeTestHome();
  const key = randomBytes(32);
  const inspector = new LinuxProcessInspector();
  const runtime = new Pm2Runtime({ pm2Home: home.pm2Home, clock: new SystemClock(), inspector, key });
  const signals: RuntimeSignal[] = [];
  try {
    const t0 = performance.now();
    const daemon = await runtime.connect(true);
    console.log('daemon', daemon, performance.now() - t0);
    runtime.onSignal((s) => { signals.push(s); });
    const plan = (runId: string, env = {}) => ({
      agentId: 'sleeper', runId, program: '/bin/sleep', args: ['100'], cwd: '/', killTimeoutMs: 1000,
      env: { PATH: '/bin', AGENT_ID: 'sleeper', AGENT_RUN_ID: runId, AGENT_TOKEN: mintAgentToken({ agentId: 'sleeper', runId }, key), ...env },
    });
    const t1 = performance.now();
    const first = await runtime.launch(plan(randomUUID(), { A: 'old' }), null);
    console.log(first, performance.now() - t1);
    const t2 = performance.now();
    console.log(JSON.stringify(await runtime.snapshot(true)), performance.now() - t2);
    if (first.kind !== 'launched') throw new Error('no');
    const t3 = performance.now();
    process.kill(first.process.pid, 'SIGKILL');
    await until(() => signals.length > 0, 'exit');
    console.log(signals, performance.now() - t3);
    const t4 = performance.now();
    const second = await runtime.launch(plan(randomUUID(), { B: 'new' }), first.pmId);
    console.log(second, performance.now() - t4);
    if (second.kind !== 'launched') throw new Error('no');
    console.log([...(inspector.environment(second.process.pid) ?? [])]);
    console.log(home.pm2('ls'));
    const third = await runtime.launch({ ...plan(randomUUID()), agentId: 'ghost', program: '/nonexistent/x' }, null);
    console.log(third);
    const s = await runtime.snapshot(false);
    console.log(s.listed.map((l) => [l.agentId, l.pmId, l.state]));
    const t5 = performance.now();
    console.log(await runtime.terminate({ agentId: 'sleeper', runId: 'x', process: second.process }, 2000), performance.now() - t5);
    await until(() => signals.length > 1, 'exit 2');
    console.log(signals[1], home.pm2('ls'));
  } finally {
    await runtime.close();
    await home.destroy();
  }
});
