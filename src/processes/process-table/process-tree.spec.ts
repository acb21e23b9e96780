import { FakeProcesses, type FakeProcessFacts } from '../../../test/support/fake-processes';
import { mintAgentToken } from '../launch/agent-token';
import { markOf, treeOf } from './process-tree';

const process = (pid: number, parentPid: number, sessionId: number, startTime = pid): FakeProcessFacts => ({
  ...{ pid, parentPid, sessionId, startTime },
});

/**
 * A leader (10) with a child, a grandchild, a process that left its session and one that was left behind, and unrelated
 * processes.
 */
const all = [
  process(1, 0, 1),
  process(3, 2, 3, 10), // started at the same moment as the leader
  process(10, 2, 10),
  process(11, 10, 10),
  process(12, 11, 10),
  process(13, 12, 13), // setsid
  process(14, 1, 10), // its parent died
  process(15, 14, 15), // a child of 14, in its own session
  process(16, 11, 16), // a second child
  process(17, 1, 10, 10), // left behind, and as old as the leader
  process(20, 2, 20),
  process(21, 20, 20),
  process(2, 1, 2),
];

const pidsOf = (...roots: Parameters<typeof treeOf>[0]) =>
  treeOf(roots, all)
    .map(({ pid }) => pid)
    .sort((left, right) => left - right);

describe('the tree of a process', () => {
  it('contains the process, its descendants, the rest of its session, and their descendants', () => {
    expect(pidsOf({ pid: 10, startTime: 10 })).toEqual([10, 11, 12, 13, 14, 15, 16, 17]);
  });

  it('contains only descendants if the process does not lead its session', () => {
    expect(pidsOf({ pid: 11, startTime: 11 })).toEqual([11, 12, 13, 16]);
    expect(pidsOf({ pid: 13, startTime: 13 })).toEqual([13]);
  });

  it('contains each process once for several roots', () => {
    expect(pidsOf({ pid: 11, startTime: 11 }, { pid: 12, startTime: 12 }, { pid: 20, startTime: 20 })).toEqual([
      11, 12, 13, 16, 20, 21,
    ]);
  });

  it.each([
    ['the pid was reused', { pid: 10, startTime: 9 }],
    ['the start time is unknown', { pid: 10, startTime: null }],
    ['the process does not exist', { pid: 99, startTime: 99 }],
  ])('is empty if %s', (_why, root) => {
    expect(pidsOf(root)).toEqual([]);
  });

  it('is finite even if a list that was read during pid reuse contains a cycle', () => {
    const circle = [process(30, 31, 5), process(31, 30, 5)];
    expect(treeOf([{ pid: 30, startTime: 30 }], circle)).toHaveLength(2);
  });

  it('excludes spared processes with their descendants', () => {
    const spared = [12, 14];
    const pids = treeOf([{ pid: 10, startTime: 10 }], all, spared).map(({ pid }) => pid);
    expect(pids.sort((left, right) => left - right)).toEqual([10, 11, 16, 17]);
  });

  describe('of a dead process', () => {
    const left = all.filter(({ pid }) => pid !== 10);
    const leftOf = (startTime: number | null) => treeOf([{ pid: 10, startTime }], left).map(({ pid }) => pid);

    it('contains the rest of its session and their descendants', () => {
      expect(leftOf(10)).toEqual(expect.arrayContaining([11, 12, 13, 14, 15, 16, 17]));
      expect(leftOf(10)).toHaveLength(7);
    });

    it('excludes processes that are older than it', () => {
      expect(leftOf(14)).toEqual(expect.arrayContaining([14, 15]));
      expect(leftOf(14)).toHaveLength(2);
    });

    it('is empty if its start time is unknown', () => {
      expect(leftOf(null)).toEqual([]);
    });
  });
});

describe('the mark of a process', () => {
  const key = Buffer.alloc(32, 7);
  const mark = { agentId: 'a', runId: '0f8fad5b-d9cb-469f-a165-70867728950e' };
  const markedBy = (environment: Record<string, string>) =>
    markOf(5, new FakeProcesses([{ ...process(5, 1, 5), environment }]), key);

  it('names the agent and the run of its token', () => {
    expect(markedBy({ AGENT_TOKEN: mintAgentToken(mark, key) })).toEqual(mark);
  });

  it.each([
    ['carries no token', {}],
    ['carries a token of another key', { AGENT_TOKEN: mintAgentToken(mark, Buffer.alloc(32, 8)) }],
    ['carries only IDs', { AGENT_ID: 'a', AGENT_RUN_ID: mark.runId }],
    ['carries an invalid token', { AGENT_TOKEN: 'agt1.a.b.c' }],
  ])('is null if the process %s', (_why, environment) => {
    expect(markedBy(environment)).toBeNull();
  });

  it('is found among lookalikes', () => {
    const [theirs, ours] = [mintAgentToken(mark, Buffer.alloc(32, 8)), mintAgentToken(mark, key)];
    class Ambiguous extends FakeProcesses {
      override valuesOf(): string[] {
        return ['in-an-argument', theirs, ours, 'in-a-text'];
      }
    }
    expect(markOf(5, new Ambiguous([process(5, 1, 5)]), key)).toEqual(mark);
    expect(markOf(5, new Ambiguous([process(5, 1, 5)]), Buffer.alloc(32, 9))).toBeNull();
  });

  it('is null for a process that is gone or cannot be read', () => {
    expect(markOf(6, new FakeProcesses(), key)).toBeNull();
  });
});
