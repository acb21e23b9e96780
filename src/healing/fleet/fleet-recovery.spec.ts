import { GOOD, HUNG, ids, makeFleet, MINUTE } from '../../../test/support/watched-fleet';

describe('a fleet incident', () => {
  it('is over once fewer than half of them have been failing for a minute', async () => {
    const { reports, fails, recovers, waits } = makeFleet(20);
    fails(...ids(10));
    await waits(3 * MINUTE);
    recovers(...ids(5));
    await waits(2 * MINUTE);
    expect(reports).toEqual(['degraded by health: 5']);
    recovers('a5');
    await waits(MINUTE - 10_000);
    expect(reports).toHaveLength(1);
    await waits(20_000);
    expect(reports).toEqual(['degraded by health: 5', 'restored']);
    expect(fails('a0')).toEqual([true]);
  });

  it('restarts one canary after 15 minutes, and the others only if that helped', async () => {
    const { reports, fails, recovers, waits, goDown, isVerified } = makeFleet(20);
    fails(...ids(10));
    await waits(15 * MINUTE);
    expect(reports).toContain('canary a0');
    expect(fails('a0', 'a1')).toEqual([true, false]);
    goDown('a0');
    await waits(10_000);
    goDown();
    await waits(10_000);
    // The canary was restarted, but its new process is not verified: the outage may continue.
    expect(fails('a1', 'a2')).toEqual([false, false]);
    recovers('a0');
    await waits(10_000);
    expect(fails('a1', 'a2')).toEqual([false, false]);
    isVerified('a0');
    await waits(10_000);
    expect(fails('a1', 'a2')).toEqual([true, true]);
  });

  it('counts a canary as recovered once it was well for longer than its heartbeats take to fail', async () => {
    const { fleet, fails, waits, isVerified } = makeFleet(20);
    for (const agentId of ids(10))
      fleet.noteCheck(agentId, { ...GOOD, isWell: false, failing: HUNG, signalMs: 2 * MINUTE });
    await waits(15 * MINUTE + 10_000);
    isVerified('a0');
    fleet.noteCheck('a0', GOOD);
    await waits(MINUTE + 50_000);
    fleet.noteCheck('a0', GOOD);
    await waits(20_000);
    expect(fails('a1')).toEqual([false]);
    fleet.noteCheck('a0', GOOD);
    await waits(5_000);
    expect(fails('a1')).toEqual([true]);
  });

  it('does not wait for agents without a process', async () => {
    const { reports, fails, recovers, waits, goDown } = makeFleet(20);
    fails(...ids(10));
    goDown('a0', 'a1', 'a2', 'a3', 'a4', 'a5');
    recovers('a6', 'a7');
    await waits(MINUTE + 10_000);
    expect(reports).toContain('restored');
  });

  it('waits before another canary after one that did not help', async () => {
    const { reports, fails, waits } = makeFleet(20);
    fails(...ids(10));
    await waits(20 * MINUTE);
    expect(reports.filter((line) => line.startsWith('canary'))).toHaveLength(1);
    expect(fails('a1')).toEqual([false]);
  });

  it('continues and ends after a restart of the supervisor', async () => {
    const first = makeFleet(20);
    first.fails(...ids(10));
    const later = makeFleet(20);
    later.fleet.load(first.fleet.current());
    expect(later.fleet.isIncident()).toBe(true);
    await later.waits(MINUTE + 10_000);
    expect(later.reports).toEqual(['restored']);
  });

  it('is not over before the restarted supervisor has seen a minute of calm', async () => {
    const first = makeFleet(20);
    first.fails(...ids(10));
    first.recovers(...ids(6));
    await first.waits(30_000);
    const later = makeFleet(20);
    await later.clock.advance(10 * MINUTE);
    later.fleet.load(first.fleet.current());
    await later.waits(5_000);
    later.fails(...ids(10));
    await later.waits(2 * MINUTE);
    expect([later.fleet.isIncident(), later.reports]).toEqual([true, []]);
  });
});
