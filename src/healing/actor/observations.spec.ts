import fc from 'fast-check';
import type { ListedProcess, ProcessSnapshot, UnlistedProcess } from '../../processes';
import { makeRun } from '../../../test/support/machine-builders';
import { observationOf, observationsOf, withKnownRun } from './observations';

const listed = (agentId: string, entryId: number): ListedProcess => ({
  ...{ agentId, entryId, uniqueId: 'u', state: 'online', runId: 'r', upSince: 1 },
  ...{ process: { pid: 100 + entryId, startTime: 1 }, wasEndOrdered: false, memoryBytes: null, cpuPercent: null },
});
const unlisted = (agentId: string, pid: number): UnlistedProcess => ({
  ...{ agentId, runId: 'r', process: { pid, startTime: 1 }, leader: true, isNew: false },
});

const snapshotOf = (entries: ListedProcess[], found: UnlistedProcess[]): ProcessSnapshot => ({
  ...{ beganAt: 7, daemon: { pid: 99, startTime: 1, version: '7.0.4' }, listed: entries, unlisted: found },
});

describe('the observation of one agent', () => {
  const snapshot = snapshotOf([listed('a', 0), listed('b', 1), listed('a', 2)], [unlisted('b', 5), unlisted('a', 6)]);

  it('has the processes of that agent in the order of the list, and the scope of the snapshot', () => {
    expect(observationOf('a', snapshot, { scanned: true, boot: false })).toEqual({
      beganAt: 7,
      scanned: true,
      boot: false,
      daemon: { pid: 99, startTime: 1 },
      listed: [listed('a', 0), listed('a', 2)],
      unlisted: [unlisted('a', 6)],
    });
  });

  it('is empty, not missing, for an agent without a process', () => {
    const observations = observationsOf(['c'], snapshot, { scanned: false, boot: true });
    expect(observations.get('c')).toMatchObject({ boot: true, listed: [], unlisted: [] });
  });
});

describe('the known run', () => {
  const run = makeRun({ process: { pid: 77, startTime: 5 } });
  const itself = { agentId: 'a', runId: run.runId, process: run.process, leader: true, isNew: false };
  const look = { scanned: false, boot: false };
  const shown = (entries: ListedProcess[], found: UnlistedProcess[], isAlive: boolean, known = true) =>
    withKnownRun(observationOf('a', snapshotOf(entries, found), look), 'a', known ? run : null, () => isAlive).unlisted;

  it('is found by pid and start time if it hides its environment', () => {
    expect(shown([], [], true)).toEqual([itself]);
    expect(shown([{ ...listed('a', 0), process: { pid: 77, startTime: 6 } }], [], true)).toEqual([itself]);
  });

  it('is not added if it is listed, has exited, or does not exist', () => {
    expect(shown([{ ...listed('a', 0), process: run.process }], [], true)).toEqual([]);
    expect(shown([], [itself], true)).toEqual([itself]);
    expect(shown([], [], false)).toEqual([]);
    expect(shown([], [], true, false)).toEqual([]);
  });
});

describe('the observations of many agents', () => {
  it('equal the observation of each, for the requested agents only', () => {
    const id = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
    fc.assert(
      fc.property(fc.array(id), fc.array(id), fc.uniqueArray(id), (entries, found, asked) => {
        const snapshot = snapshotOf(entries.map(listed), found.map(unlisted));
        const look = { scanned: false, boot: false };
        const observations = observationsOf(asked, snapshot, look);
        expect([...observations.keys()]).toEqual(asked);
        for (const agentId of asked) expect(observations.get(agentId)).toEqual(observationOf(agentId, snapshot, look));
      }),
    );
  });
});
