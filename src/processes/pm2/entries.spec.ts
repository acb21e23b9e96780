import fc from 'fast-check';
import { FakeProcesses } from '../../../test/support/fake-processes';
import { readNames, readEntries } from './entries';

const processes = new FakeProcesses([
  { pid: 4711, startTime: 70, parentPid: 99, sessionId: 4711 },
  // These must never be targeted: as a signal's target they stand for whole groups.
  { pid: 0, startTime: 1, parentPid: 0, sessionId: 0 },
  { pid: -1, startTime: 1, parentPid: 0, sessionId: 0 },
]);

const RUN = '0f8fad5b-d9cb-469f-a165-70867728950e';
const verify = (token: string) => (token === 'secret-token' ? { agentId: 'a', runId: RUN } : null);

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
    AGENT_RUN_ID: 'not-proven',
    AGENT_TOKEN: 'secret-token',
    ...env,
  },
  ...changes,
});

const sources = { inspector: processes, verify };
const read = (...rows: unknown[]) => readEntries(rows, sources);

describe("PM2's list", () => {
  it('shows each agent with its process', () => {
    expect(read(row())).toEqual([
      {
        agentId: 'a',
        entryId: 3,
        uniqueId: 'u1',
        state: 'online',
        process: { pid: 4711, startTime: 70 },
        runId: RUN,
        upSince: 1_000,
        wasEndOrdered: false,
        memoryBytes: 1_024,
        cpuPercent: 2.5,
        restartTime: 4,
      },
    ]);
  });

  it.each([0, -1, null, undefined, 4712])('shows neither process nor usage for the pid %p', (pid) => {
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
  ])('maps the status %j to %s', (status, state) => {
    expect(read(row({}, { status })).map((entry) => entry.state)).toEqual([state]);
  });

  it('does not mistake a property of objects for a state', () => {
    expect(read(row({}, { status: 'constructor' })).map((entry) => entry.state)).toEqual(['errored']);
  });

  it('has defaults for missing fields', () => {
    const bare = { name: 'a', namespace: 'agents', pm_id: 3 };
    expect(read({ pm_id: 3, pm2_env: bare })).toEqual([
      {
        agentId: 'a',
        entryId: 3,
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

  it('omits entries of other namespaces and entries with an invalid form', () => {
    const theirs = [row({}, { namespace: 'default' }), row({}, { namespace: undefined })];
    const broken = [null, 5, 'a', {}, row({ pm2_env: null }), row({ pm_id: '3' }), row({}, { name: 5 })];
    expect(read(...theirs, ...broken, row()).map(({ agentId }) => agentId)).toEqual(['a']);
  });

  it('shows two entries of the same name', () => {
    expect(read(row(), row({ pm_id: 4 }, { pm_id: 4 })).map(({ entryId }) => entryId)).toEqual([3, 4]);
  });

  it.each([
    ['carries no token', { AGENT_TOKEN: undefined }],
    ['carries a token that the supervisor did not create', { AGENT_TOKEN: 'forged' }],
    ['carries the token of another agent, in whose shell it was started', { name: 'b' }],
  ])('shows no run for an entry that %s', (_what, env) => {
    expect(read(row({}, env)).map(({ runId }) => runId)).toEqual([null]);
  });

  it('drops the environment', () => {
    expect(JSON.stringify(read(row()))).not.toContain('secret');
  });

  it('is empty for an answer that is not a list, and never throws', () => {
    for (const answer of [null, undefined, {}, 'list', 5]) expect(readEntries(answer, sources)).toEqual([]);
    fc.assert(
      fc.property(fc.array(fc.anything()), (rows) => {
        expect(read(...rows)).toEqual([]);
      }),
    );
  });
});

describe('the names of all entries', () => {
  it('come from all namespaces', () => {
    expect(readNames([row(), row({ name: 'theirs' }, { namespace: 'default' })])).toEqual(['a', 'theirs']);
    expect(readNames([])).toEqual([]);
    expect(readNames('no list')).toEqual([]);
  });
});
