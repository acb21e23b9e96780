import fc from 'fast-check';
import { FakeProcesses } from '../../../test/support/fake-processes';
import { namesOfAll, readTable } from './process-table';

const processes = new FakeProcesses([
  { pid: 4711, startTime: 70, parentPid: 99, sessionId: 4711 },
  // None that anybody may mean: to a signal they stand for whole groups.
  { pid: 0, startTime: 1, parentPid: 0, sessionId: 0 },
  { pid: -1, startTime: 1, parentPid: 0, sessionId: 0 },
]);

const row = (changes: object = {}, env: object = {}) => ({
  pid: 4711,
  pm_id: 3,
  name: 'a',
  monit: { memory: 1_024, cpu: 2.5 },
  pm2_env: {
    name: 'a',
    namespace: 'agents',
    pm_id: 3,
    status: 'online',
    pm_uptime: 1_000,
    unique_id: 'u1',
    restart_time: 4,
    AGENT_RUN_ID: 'run-1',
    AGENT_TOKEN: 'secret-token',
    ...env,
  },
  ...changes,
});

const read = (...rows: unknown[]) => readTable(rows, processes);

describe("PM2's list", () => {
  it('shows each agent with the process behind it', () => {
    expect(read(row())).toEqual([
      {
        agentId: 'a',
        pmId: 3,
        uniqueId: 'u1',
        state: 'online',
        process: { pid: 4711, startTime: 70 },
        runId: 'run-1',
        upSince: 1_000,
        wasEndOrdered: false,
        memoryBytes: 1_024,
        cpuPercent: 2.5,
        restartTime: 4,
      },
    ]);
  });

  it.each([0, -1, null, undefined, 4712])('shows no process for the pid %p, and measures nothing of it', (pid) => {
    expect(read(row({ pid }))).toEqual([
      expect.objectContaining({ process: null, memoryBytes: null, cpuPercent: null }),
    ]);
  });

  it.each([
    ['online', 'online'],
    ['launching', 'launching'],
    ['one-launch-status', 'launching'],
    ['waiting restart', 'launching'],
    ['stopping', 'stopping'],
    ['stopped', 'stopped'],
    ['errored', 'errored'],
    ['something new', 'errored'],
    [undefined, 'errored'],
  ])('calls %j %s', (status, state) => {
    expect(read(row({}, { status })).map((entry) => entry.state)).toEqual([state]);
  });

  it('calls nothing by a name that only looks like a state', () => {
    expect(read(row({}, { status: 'constructor' })).map((entry) => entry.state)).toEqual(['errored']);
  });

  it('knows nothing of what is left out', () => {
    const bare = { name: 'a', namespace: 'agents', pm_id: 3 };
    expect(read({ pm_id: 3, pm2_env: bare })).toEqual([
      {
        agentId: 'a',
        pmId: 3,
        uniqueId: '',
        state: 'errored',
        process: null,
        runId: null,
        upSince: 0,
        wasEndOrdered: false,
        memoryBytes: null,
        cpuPercent: null,
        restartTime: 0,
      },
    ]);
    expect(read(row({ monit: undefined }))).toEqual([expect.objectContaining({ memoryBytes: null, cpuPercent: null })]);
  });

  it('leaves out what is not ours, and what has another form', () => {
    const theirs = [row({}, { namespace: 'default' }), row({}, { namespace: undefined })];
    const broken = [null, 5, 'a', {}, row({ pm2_env: null }), row({ pm_id: '3' }), row({}, { name: 5 })];
    expect(read(...theirs, ...broken, row()).map(({ agentId }) => agentId)).toEqual(['a']);
  });

  it('shows two entries of one name as two', () => {
    expect(read(row(), row({ pm_id: 4 }, { pm_id: 4 })).map(({ pmId }) => pmId)).toEqual([3, 4]);
  });

  it('carries nothing of the environment on', () => {
    expect(JSON.stringify(read(row()))).not.toContain('secret');
  });

  it('is empty where the answer is no list, and is read whatever it is', () => {
    for (const answer of [null, undefined, {}, 'list', 5]) expect(readTable(answer, processes)).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.anything()), (rows) => {
        expect(read(...rows)).toEqual([]);
      }),
    );
  });
});

describe('the names of everything that is listed', () => {
  it('are those of all namespaces', () => {
    expect(namesOfAll([row(), row({ name: 'theirs' }, { namespace: 'default' })])).toEqual(['a', 'theirs']);
    expect(namesOfAll([])).toEqual([]);
    expect(namesOfAll('no list')).toEqual([]);
  });
});
