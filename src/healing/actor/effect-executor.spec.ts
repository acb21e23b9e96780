import { makeExecutor } from '../../../test/support/executor-world';
import type { TerminateOutcome } from '../../processes';
import type { ExecutableEffect } from './effect-executor';

it('logs once that a dead entry cannot be removed, and once that it was removed later', async () => {
  const { runtime, run, clock, logged } = await makeExecutor();
  const forget = jest.spyOn(runtime, 'deleteEntry').mockRejectedValue(new Error('PM2 did not answer'));
  const entryOf = (entryId: number) => ({ daemon: { pid: 9, startTime: 9 }, entryId, uniqueId: `u${entryId}` });
  const removeTwice = async () => {
    for (const entryId of [3, 4, 3, 4]) run('a', { type: 'forget', entry: entryOf(entryId) });
    await clock.advance(100);
  };
  await removeTwice();
  expect(logged).toEqual(['dead PM2 entry not removed', 'dead PM2 entry not removed']);
  forget.mockResolvedValue();
  await removeTwice();
  const removed = 'info dead PM2 entry removed after failures';
  expect(logged.slice(2)).toEqual([removed, removed]);
});

it('starts the next launch after one that cannot be planned', async () => {
  const { clock, launch, refused, eventsOf } = await makeExecutor();
  refused.add('a');
  launch('a');
  launch('b');
  await clock.advance(1_000);
  expect(eventsOf('a')).toMatchObject([{ type: 'launch-failed', fault: { refusal: 'entry-point-missing' } }]);
  expect(eventsOf('b')).toMatchObject([{ type: 'launch-succeeded' }]);
});

describe('a launch after sweeps', () => {
  it.each<readonly [string, (pid: number) => ExecutableEffect]>([
    ['a sweep', () => ({ type: 'sweep', runId: 'r1' })],
    [
      'the kill of a descendant',
      (pid) => ({ type: 'end-process', process: { pid, startTime: pid }, runId: 'r1', why: 'descendant' }),
    ],
  ])('waits for %s without holding a place among the launches', async (_what, effect) => {
    const { clock, run, launch, terminate, endProcess, eventsOf } = await makeExecutor();
    let end: (outcome: TerminateOutcome) => void = () => undefined;
    const hangs = () => new Promise<TerminateOutcome>((resolve) => (end = resolve));
    terminate.mockImplementation(hangs);
    endProcess.mockImplementation(hangs);
    run('a', effect(7));
    launch('a', { afterSweeps: true });
    launch('b');
    await clock.advance(10_000);
    expect([eventsOf('a'), eventsOf('b')]).toEqual([[], [expect.objectContaining({ type: 'launch-succeeded' })]]);
    end({ kind: 'alive', pids: [7] });
    await clock.advance(1_000);
    expect(eventsOf('a')).toMatchObject([{ type: 'launch-succeeded' }]);
  });
});

describe('what PM2 says about a failed launch', () => {
  it('is one line of limited length, without secrets', async () => {
    const { clock, launch, eventsOf, runtime } = await makeExecutor();
    const evidence = `spawn failed:\n KEY=the-key sk-${'a1'.repeat(20)} ${'x'.repeat(465)} the-run-token the-key`;
    jest.spyOn(runtime, 'launch').mockResolvedValue({ kind: 'failed', reason: 'refused', evidence });
    launch('a');
    await clock.advance(1_000);
    const shown = `spawn failed: KEY=*** sk-*** ${'x'.repeat(465)} *** ***`;
    expect(eventsOf('a')).toMatchObject([
      { type: 'launch-failed', fault: { kind: 'failed', evidence: `${shown.slice(0, 499)}…` } },
    ]);
  });
});

describe('the facts of a launch', () => {
  const facts = { program: { program: '/bin/sleeps', folder: '/agents' }, fingerprint: 'planned', log: {} };

  it('are kept with its run, whatever the definition says later', async () => {
    const { clock, launch, eventsOf } = await makeExecutor();
    launch('a');
    await clock.advance(1_000);
    expect(eventsOf('a')).toMatchObject([{ type: 'launch-succeeded', run: facts }]);
  });

  it.each(['does not answer', 'throws'])('are reported if PM2 %s, but may have launched the process', async (how) => {
    const { clock, launch, eventsOf, runtime } = await makeExecutor();
    const launched = jest.spyOn(runtime, 'launch');
    if (how === 'throws') launched.mockRejectedValue(new Error('lost'));
    else launched.mockResolvedValue({ kind: 'unknown', detail: 'no answer' });
    launch('a');
    await clock.advance(1_000);
    expect(eventsOf('a')).toMatchObject([{ type: 'launch-unknown', facts }]);
  });
});
