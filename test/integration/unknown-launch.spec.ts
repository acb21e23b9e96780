import { AgentSupervisor, AgentViews } from '../../src/healing';
import { ProcessLauncher } from '../../src/launcher';
import { isProblem } from '../../src/kernel';
import { AgentRegistry } from '../../src/registry';
import { PROCESS_MANAGER, type ProcessManager } from '../../src/processes';
import { makeApp, type TestApp } from '../support/app';
import { until } from '../support/until';
import { livingAgents } from '../support/witness';

/** PM2's daemon hangs in the very moment of a launch: what becomes of it is known only when the daemon goes on. */
describe('a launch that PM2 does not answer', () => {
  let app: TestApp;
  let daemon = 0;
  let freezeAtNextLaunch = false;

  beforeAll(async () => {
    app = await makeApp();
    daemon = app.home.daemonPid() ?? 0;
    // Only the moment is ours: everything goes to the real adapter and the real daemon.
    const runtime: ProcessManager = app.get(PROCESS_MANAGER as never);
    const launch = runtime.launch.bind(runtime);
    runtime.launch = (plan, replaces) => {
      if (freezeAtNextLaunch) process.kill(daemon, 'SIGSTOP');
      freezeAtNextLaunch = false;
      return launch(plan, replaces);
    };
  });

  beforeEach(async () => {
    const definition = { name: 'one', entryPoint: 'sleeper.sh' };
    await app.get(AgentRegistry).register({ agentId: 'one', ...definition });
    freezeAtNextLaunch = true;
  });

  afterEach(async () => {
    process.kill(daemon, 'SIGCONT');
    await until(
      () =>
        app
          .get(AgentRegistry)
          .unregister('one')
          .then(() => true),
      'it is unregistered',
    );
  });

  afterAll(async () => {
    await app.destroy();
  });

  const phase = () => app.get(AgentSupervisor).machineState('one')?.state.phase;
  const living = () => livingAgents(app.home).get('one') ?? [];
  const isUnknown = () => {
    const now = phase();
    return now?.kind === 'starting' && now.outcome === 'unknown';
  };

  it('is observed, and what came of it is adopted: one process, never two', async () => {
    const launcher = app.get(ProcessLauncher);
    // If the daemon needs more than a second for the launch after the thaw, two snapshots prove that it did not happen.
    // The caller gets 503, the supervisor launches again, and the late process is killed.
    const spawned = launcher.spawn('one').catch((error: unknown) => {
      if (isProblem(error, 'process-manager-unavailable')) return null;
      throw error;
    });
    await until(isUnknown, () => `its outcome is unknown: ${JSON.stringify(phase())}`);
    process.kill(daemon, 'SIGCONT');
    const pid = await spawned;
    await until(() => launcher.isRunning('one') && living().length === 1, 'one process runs');
    expect(living()).toEqual([pid ?? launcher.getPid('one')]);
    expect(app.get(ProcessLauncher).isRunning('one')).toBe(true);
    expect(app.get(AgentViews).view('one').restartPending).toBe(false);
    await app.get(AgentRegistry).update('one', { args: ['changed'] });
    expect(app.get(AgentViews).view('one').restartPending).toBe(true);
  });

  it('is ended, not adopted, when it comes true after a stop', async () => {
    const spawned = app
      .get(ProcessLauncher)
      .spawn('one')
      .catch((error: unknown) => error);
    await until(isUnknown, () => `its outcome is unknown: ${JSON.stringify(phase())}`);
    const stopped = app.get(ProcessLauncher).terminate('one');
    await until(() => phase()?.kind === 'stopping', 'the stop is taken');
    expect(app.get(AgentRegistry).desiredState('one')).toBe('stopped');
    process.kill(daemon, 'SIGCONT');
    await stopped;
    expect(await spawned).toMatchObject({ code: 'operation-in-progress' });
    expect(living()).toEqual([]);
    expect(phase()?.kind).toBe('stopped');
    // Whatever lists show from here on, it stays away.
    await app.get(AgentSupervisor).pass();
    await app.get(AgentSupervisor).pass();
    expect(living()).toEqual([]);
    expect(app.home.list().filter(({ name, pid }) => name === 'one' && pid > 0)).toEqual([]);
  });
});
