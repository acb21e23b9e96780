import { makeExecutor } from '../../../test/support/executor-world';
import { POLICY } from '../../../test/support/machine-builders';
import type { ProcessIdentity } from '../../processes';
import type { ExecutableEffect } from './effect-executor';

describe('a process that no signal kills', () => {
  it('is killed by one attempt at a time, and each request is answered', async () => {
    const { clock, run, startProcess, terminate, eventsOf, logged } = await makeExecutor();
    const process = await startProcess('a', 'r1', '/bin/unkillable');
    for (let second = 0; second < 15; second += 1) {
      run('a', { type: 'kill', runId: 'r1', process, scope: 'run', isRest: false });
      await clock.advance(1_000);
    }
    expect(terminate).toHaveBeenCalledTimes(1);
    await clock.advance(1_000);
    expect(terminate).toHaveBeenCalledTimes(1);
    const ended = { type: 'kill-ended', runId: 'r1', scope: 'run', gone: false, pids: [process.pid] };
    expect(eventsOf('a')).toEqual(Array.from({ length: 15 }, () => ended));
    expect(logged).toEqual(['processes survive SIGKILL']);
  });

  it('does not block the next stop of the whole agent, and logs nothing new', async () => {
    const { clock, run, startProcess, terminate, eventsOf, logged } = await makeExecutor();
    const process = await startProcess('a', 'r1', '/bin/unkillable');
    run('a', { type: 'kill', runId: 'r1', process, scope: 'run', isRest: false });
    run('a', { type: 'kill', runId: 'r1', process, scope: 'agent', isRest: false });
    await clock.advance(40_000);
    expect(terminate.mock.calls.map(([{ runId }]) => runId)).toEqual(['r1', null]);
    expect(eventsOf('a')).toMatchObject([
      { scope: 'run', gone: false },
      { scope: 'agent', gone: false, pids: [process.pid] },
    ]);
    expect(logged).toEqual(['processes survive SIGKILL']);
  });

  it('is killed again with pauses if it must not live, and logged once', async () => {
    const { clock, run, startProcess, endProcess, logged } = await makeExecutor();
    const process = await startProcess('a', 'r1', '/bin/unkillable');
    for (let second = 0; second < 45; second += 1) {
      run('a', { type: 'end-process', process, runId: 'r1', why: 'orphan' });
      await clock.advance(1_000);
    }
    expect(endProcess.mock.calls.length).toBeLessThanOrEqual(3);
    expect(logged).toEqual(['reap started']);
  });
});

describe('a failed kill', () => {
  it.each<readonly [string, (process: ProcessIdentity) => ExecutableEffect]>([
    ['the descendants of a dead run', () => ({ type: 'sweep', runId: 'r1' })],
    ['a process that must not live', (process) => ({ type: 'end-process', process, runId: 'r1', why: 'orphan' })],
  ])('of %s is followed by a scan, which shows what to kill again', async (_what, effect) => {
    const { clock, run, startProcess, observe } = await makeExecutor();
    run('a', effect(await startProcess('a', 'r1', '/bin/unkillable')));
    await clock.advance(10_000);
    expect(observe).not.toHaveBeenCalled();
    await clock.advance(15_000);
    expect(observe.mock.calls).toEqual([[true]]);
  });
});

describe('the end of a process that must not live', () => {
  it('is followed by a scan, which shows what the process left behind', async () => {
    const { clock, run, startProcess, observe, eventsOf } = await makeExecutor();
    run('a', {
      type: 'end-process',
      process: await startProcess('a', 'r1', '/bin/sleeps'),
      runId: 'r1',
      why: 'orphan',
    });
    await clock.advance(1_000);
    expect(eventsOf('a')).toContainEqual(expect.objectContaining({ type: 'reaped' }));
    expect(observe.mock.calls).toEqual([[true]]);
  });
});

describe('descendants of a dead run', () => {
  it('get SIGKILL a second after SIGTERM, while a run keeps its own time limit', async () => {
    const { run, clock, terminate, endProcess } = await makeExecutor();
    run('a', { type: 'sweep', runId: 'r1' });
    const process = { pid: 4, startTime: 4 };
    run('a', { type: 'end-process', process, runId: 'r1', why: 'descendant' });
    run('a', { type: 'end-process', process: { ...process, pid: 5 }, runId: 'r1', why: 'orphan' });
    run('b', { type: 'kill', runId: 'r2', process: null, scope: 'agent', isRest: true });
    run('c', { type: 'kill', runId: 'r3', process: null, scope: 'agent', isRest: false });
    await clock.advance(100);
    expect(terminate).toHaveBeenCalledWith({ agentId: 'a', runId: 'r1', process: null }, 1_000);
    expect(terminate).toHaveBeenCalledWith({ agentId: 'b', runId: null, process: null }, 1_000);
    expect(terminate).toHaveBeenCalledWith({ agentId: 'c', runId: null, process: null }, POLICY.killTimeoutMs);
    expect(endProcess.mock.calls.map(([{ pid }, killTimeoutMs]) => [pid, killTimeoutMs])).toEqual([
      [4, 1_000],
      [5, POLICY.killTimeoutMs],
    ]);
  });

  it('do not delay the sweeps of other agents if their sweep is slow', async () => {
    const { clock, run, terminate } = await makeExecutor();
    terminate.mockReturnValue(new Promise(() => undefined));
    for (const agentId of ['a', 'b', 'c', 'd']) run(agentId, { type: 'sweep', runId: 'r1' });
    await clock.advance(1_000);
    expect(terminate.mock.calls.map(([{ agentId }]) => agentId)).toEqual(['a', 'b', 'c', 'd']);
  });
});
