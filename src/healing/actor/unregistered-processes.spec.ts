import { DAEMON, ended, makeRun, online, orphan } from '../../../test/support/machine-builders';
import type { ProcessSnapshot } from '../../processes';
import { findUnregistered } from './unregistered-processes';

const run = makeRun();
const snapshot = (changes: Partial<ProcessSnapshot>): ProcessSnapshot => ({
  ...{ beganAt: 0, daemon: { ...DAEMON, version: '7.0.4' }, listed: [], unlisted: [] },
  ...changes,
});
const isRegistered = () => false;

describe('unregistered processes', () => {
  it('are live processes with the mark whose agents are not registered, listed or not', () => {
    const seen = snapshot({ listed: [online(run)], unlisted: [orphan(makeRun({ runId: 'other' }))] });
    expect(findUnregistered(seen, isRegistered).processes.map(({ runId }) => runId)).toEqual(['run', 'other']);
    expect(findUnregistered(seen, (agentId) => agentId === 'agent')).toEqual({ processes: [], entries: [] });
  });

  it('include dead entries with the mark, by daemon, pm_id and unique id', () => {
    const seen = snapshot({ listed: [ended(run)] });
    expect(findUnregistered(seen, isRegistered).entries).toEqual([
      expect.objectContaining({ daemon: DAEMON, entryId: run.entryId, uniqueId: ended(run).uniqueId }),
    ]);
  });

  it("never include the operator's own programs, nor processes that may be younger than the list", () => {
    const seen = snapshot({
      listed: [online(run, { runId: null }), ended(run, { runId: null, entryId: 7 })],
      unlisted: [orphan(run, { isNew: true })],
    });
    expect(findUnregistered(seen, isRegistered)).toEqual({ processes: [], entries: [] });
  });
});
