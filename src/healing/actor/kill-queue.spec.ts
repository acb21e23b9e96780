import { settled } from '../../../test/support/fake-clock';
import { messageOf } from '../../kernel';
import type { ProcessIdentity, TerminateOutcome, TerminateTarget } from '../../processes';
import { KillQueue } from './kill-queue';

const PROCESS: ProcessIdentity = { pid: 10, startTime: 1 };
const GONE: TerminateOutcome = { kind: 'gone' };
const ALIVE: TerminateOutcome = { kind: 'alive', pids: [10] };

const target = (runId: string | null, process: ProcessIdentity | null = null, agentId = 'a'): TerminateTarget => ({
  ...{ agentId, runId, process },
});

function makeQueue() {
  const begun: string[] = [];
  const ends: { resolve: (outcome: TerminateOutcome) => void; reject: (error: Error) => void }[] = [];
  const queue = new KillQueue({
    terminate: ({ agentId, runId, process }, killTimeoutMs) => {
      begun.push(`${agentId} ${runId ?? 'all'} ${process?.pid ?? '-'} ${killTimeoutMs}`);
      return new Promise((resolve, reject) => ends.push({ resolve, reject }));
    },
  });
  const reports: string[] = [];
  const kill = (name: string, asked: TerminateTarget, killTimeoutMs = 1) => {
    void queue.end(asked, killTimeoutMs).then(
      ({ kind }) => reports.push(`${name} ${kind}`),
      (error: unknown) => reports.push(`${name} ${messageOf(error)}`),
    );
  };
  const ended = async (outcome: TerminateOutcome | Error = GONE) => {
    const first = ends.shift();
    if (outcome instanceof Error) first?.reject(outcome);
    else first?.resolve(outcome);
    await settled();
  };
  return { begun, reports, kill, ended };
}

describe('kills of one agent', () => {
  it('share one attempt and its outcome if they cover the same processes', async () => {
    const { begun, reports, kill, ended } = makeQueue();
    for (let count = 0; count < 15; count += 1) kill(`${count}`, target('r1', PROCESS));
    expect(begun).toEqual(['a r1 10 1']);
    await ended(ALIVE);
    expect(reports).toHaveLength(15);
    expect(reports[14]).toBe('14 alive');
    expect(begun).toHaveLength(1);
  });

  it.each<readonly [string, TerminateTarget, TerminateTarget, boolean]>([
    ['a run while the whole agent is ended', target(null), target('r1'), true],
    ['a run by its mark while it is ended with its leader', target('r1', PROCESS), target('r1'), true],
    ['the same run and leader', target('r1', PROCESS), target('r1', { ...PROCESS }), true],
    ['the whole agent while a run is ended', target('r1', PROCESS), target(null), false],
    ['another run', target('r1'), target('r2'), false],
    ['a leader that the attempt does not know', target('r1'), target('r1', PROCESS), false],
    ['a leader with a recycled pid', target('r1', PROCESS), target('r1', { pid: 10, startTime: 2 }), false],
  ])('%s: shared or next', async (_what, first, second, isShared) => {
    const { begun, reports, kill, ended } = makeQueue();
    kill('first', first);
    kill('second', second);
    expect(begun).toHaveLength(1);
    await ended();
    expect(reports).toEqual(isShared ? ['first gone', 'second gone'] : ['first gone']);
    expect(begun).toHaveLength(isShared ? 1 : 2);
    await ended();
    expect(reports).toEqual(['first gone', 'second gone']);
  });

  it('wait for the running one, and a wider request absorbs the waiting ones', async () => {
    const { begun, reports, kill, ended } = makeQueue();
    kill('r1', target('r1'));
    kill('r2', target('r2'));
    kill('r3', target('r3'));
    kill('all', target(null));
    kill('r4', target('r4'));
    expect(begun).toEqual(['a r1 - 1']);
    await ended();
    expect(begun).toEqual(['a r1 - 1', 'a all - 1']);
    await ended(ALIVE);
    expect(reports).toEqual(['r1 gone', 'all alive', 'r4 alive', 'r2 alive', 'r3 alive']);
    expect(begun).toHaveLength(2);
  });

  it('run beside a running kill that has a longer limit', async () => {
    const { begun, reports, kill, ended } = makeQueue();
    kill('terminate', target(null, PROCESS), 10);
    kill('sweep', target('r1'), 1);
    expect(begun).toEqual(['a all 10 10', 'a r1 - 1']);
    kill('again', target(null, PROCESS), 10);
    kill('patient', target('r1'), 10);
    expect(begun).toHaveLength(2);
    await ended(ALIVE);
    expect(reports).toEqual(['terminate alive', 'again alive', 'patient alive']);
    await ended();
    expect(reports.at(-1)).toBe('sweep gone');
  });

  it('do not absorb waiting kills that have a shorter limit', async () => {
    const { begun, kill, ended } = makeQueue();
    kill('r1', target('r1'), 1);
    kill('r2', target('r2'), 1);
    kill('all', target(null), 10);
    expect(begun).toEqual(['a r1 - 1', 'a all - 10']);
    await ended();
    expect(begun).toEqual(['a r1 - 1', 'a all - 10', 'a r2 - 1']);
  });

  it('reject if they fail, and do not block the next one', async () => {
    const { begun, reports, kill, ended } = makeQueue();
    kill('one', target('r1'));
    kill('two', target('r2'));
    await ended(new Error('ps timed out'));
    expect([reports, begun.length]).toEqual([['one ps timed out'], 2]);
    await ended();
    kill('three', target('r1'));
    expect(begun).toHaveLength(3);
  });
});

it('does not let kills of different agents wait for each other', () => {
  const { begun, kill } = makeQueue();
  kill('one', target(null));
  kill('two', target(null, null, 'b'));
  expect(begun).toEqual(['a all - 1', 'b all - 1']);
});
