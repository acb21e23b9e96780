import { LinuxProcessInspector } from '../../../src/processes';
import { makeRawPm2, type RawPm2 } from '../../support/raw-pm2';
import { until } from '../../support/until';

interface EventBody {
  readonly event: string;
  readonly manually?: boolean;
  readonly process: { readonly name: string; readonly status?: string; readonly unique_id?: string };
}

/** Verifies the event table of PM2-FACTS on the real daemon. */
describe("PM2's bus", () => {
  const inspector = new LinuxProcessInspector();
  let pm2: RawPm2;

  beforeEach(async () => {
    pm2 = await makeRawPm2();
    const sleeper = pm2.home.program('sleeper', '#!/bin/sh\nexec sleep 3600\n');
    await pm2.prepare(pm2.plan('one', sleeper, { AGENT_RUN_ID: 'run-1' }));
    await until(() => reported().includes('online'), 'the agent is online');
    pm2.packets.length = 0;
  });

  afterEach(async () => {
    await pm2.destroy();
  });

  const reported = () =>
    pm2.packets.flatMap(({ topic, body }) => {
      if (topic === 'pm2:kill') return ['pm2:kill'];
      if (topic !== 'process:event') return [];
      const { event, manually, process } = body as EventBody;
      return [
        [event, event === 'exit' ? process.status : null, manually === true ? 'manually' : null]
          .filter(Boolean)
          .join(' '),
      ];
    });
  const entry = async () => {
    const [first] = await pm2.list();
    if (first === undefined) throw new Error('the list is empty');
    return first;
  };
  const after = (act: () => void, last: string) => {
    act();
    return until(
      () => (reported().includes(last) ? reported() : null),
      () => `${last}; reported: ${reported().join(', ')}`,
    );
  };

  it('reports a crash as one exit with the status stopped', async () => {
    const { pid } = await entry();
    expect(await after(() => process.kill(pid ?? 0, 'SIGKILL'), 'exit stopped')).toEqual(['exit stopped']);
  });

  it('reports a stop as an ordered exit, then a manual stop', async () => {
    const words = await after(() => pm2.home.pm2('stop', 'one'), 'stop manually');
    expect(words).toEqual(['exit stopping', 'exit stopped', 'stop manually']);
  });

  it('reports a restart as an ordered exit, then online and a manual restart', async () => {
    const before = await entry();
    const words = await after(() => pm2.home.pm2('restart', 'one'), 'restart manually');
    expect(words).toEqual(['exit stopping', 'exit stopped', 'online', 'restart manually']);
    const now = await entry();
    // The run ID, the token and PM2's own ID are kept; only the start time of the incarnation differs.
    expect(now.pm2_env.unique_id).toBe(before.pm2_env.unique_id);
    expect(now.pm2_env.AGENT_RUN_ID).toBe('run-1');
    expect(inspector.environment(now.pid ?? 0)?.get('AGENT_RUN_ID')).toBe('run-1');
    expect(now.pm2_env.pm_uptime).not.toBe(before.pm2_env.pm_uptime);
  });

  it('reports a stop of a stopped entry, and its start', async () => {
    await after(() => pm2.home.pm2('stop', 'one'), 'stop manually');
    pm2.packets.length = 0;
    expect(await after(() => pm2.home.pm2('stop', 'one'), 'stop manually')).toEqual(['stop manually']);
    pm2.packets.length = 0;
    expect(await after(() => pm2.home.pm2('start', 'one'), 'restart manually')).toEqual(['online', 'restart manually']);
  });

  it('reports the end of the daemon after the exits that it orders', async () => {
    const { pid } = await entry();
    expect(await after(() => pm2.home.pm2('kill'), 'pm2:kill')).toEqual(['exit stopping', 'exit stopped', 'pm2:kill']);
    await until(() => inspector.facts(pid ?? 0) === null, 'the process is gone');
  });

  it('replaces a stopped entry in place when it is prepared again', async () => {
    const before = await entry();
    process.kill(before.pid ?? 0, 'SIGKILL');
    await until(() => reported().includes('exit stopped'), 'the agent has exited');
    const plan = pm2.plan('one', pm2.home.program('sleeper', '#!/bin/sh\nexec sleep 3600\n'), {
      AGENT_RUN_ID: 'run-2',
    });
    await pm2.prepare(plan, { entryId: before.pm_id, restartTime: 4 });
    const list = await pm2.list();
    expect(list).toHaveLength(1);
    expect(list[0]).toMatchObject({ pm_id: before.pm_id, pm2_env: { restart_time: 5, AGENT_RUN_ID: 'run-2' } });
    expect(list[0]?.pm2_env.unique_id).not.toBe(before.pm2_env.unique_id);
  });
});
