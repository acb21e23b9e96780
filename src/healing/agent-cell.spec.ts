import { FakeClock } from '../../test/support/fake-clock';
import { POLICY } from '../../test/support/machine-builders';
import { countedIds, seededRandom } from '../../test/support/seeded';
import { CircuitBreaker } from '../circuit';
import { Problem } from '../kernel';
import { CommitInDoubt } from '../persistence/commit-in-doubt';
import type { ProcessRuntime } from '../runtime';
import { AgentCell, type Act } from './agent-cell';
import type { Change, Journal } from './journal';
import { newAgentState, type MachineEvent } from './machine';

const START: MachineEvent = { type: 'start-asked', by: 'operator', mayTrial: true };
const STOP: MachineEvent = { type: 'stop-asked', by: 'a terminate', looked: true };

/** A cell whose commands cannot be saved. */
function makeCell(refusal: Problem) {
  const clock = new FakeClock();
  const kept: Change[] = [];
  const acts = jest.fn<ReturnType<Act>, Parameters<Act>>();
  const circuits = new CircuitBreaker(clock, () => POLICY.circuit, {
    loadAll: () => Promise.resolve(new Map()),
    saveEventually: () => undefined,
  });
  const commit = jest.fn<Promise<void>, Parameters<Journal['commit']>>(() => Promise.reject(refusal));
  const ports = {
    ...{
      clock,
      random: seededRandom(1),
      newId: countedIds(),
      circuits,
      diagnose: () => Promise.reject(new Error('nothing ended')),
      markLog: () => Promise.reject(new Error('nothing is launched')),
      policyOf: () => POLICY,
    },
    // A cell asks it nothing: what acts is handed in.
    runtime: null as unknown as ProcessRuntime,
    desired: { desiredState: () => 'stopped' as const, applyDesired: () => undefined },
    journal: {
      commit,
      commitEventually: (change: Change) => {
        kept.push(change);
        return Promise.resolve();
      },
    },
    log: { info: () => undefined, warn: () => undefined },
    planLaunch: () => Promise.reject(new Error('not asked here')),
  };
  const state = newAgentState(clock.now());
  return { cell: new AgentCell('a', state, ports, acts, () => false), state, kept, acts, commit };
}

const AWAY = new Problem('database-unavailable', 'away');
const IN_DOUBT = new Problem('database-unavailable', 'nobody knows', {
  cause: new CommitInDoubt('lost', new Promise(() => undefined)),
});

describe('a command that could not be saved', () => {
  it('does not act', async () => {
    const { cell, kept, acts } = makeCell(AWAY);
    await expect(cell.command(START, 'up')).rejects.toBe(AWAY);
    expect([kept, acts.mock.calls]).toEqual([[], []]);
  });

  it('does not act where nobody knows whether it was saved either; what holds is saved over it', async () => {
    const { cell, state, kept, acts } = makeCell(IN_DOUBT);
    await expect(cell.command(START, 'up')).rejects.toBe(IN_DOUBT);
    expect(acts.mock.calls).toEqual([]);
    expect(kept).toEqual([
      expect.objectContaining({ agentId: 'a', state, desired: 'stopped', events: [], restarts: [] }),
    ]);
  });

  it('acts all the same where it is a stop, and says that it is not recorded yet', async () => {
    const { cell, kept } = makeCell(AWAY);
    expect(await cell.command(STOP, 'down')).toEqual({ recorded: false });
    expect(kept).toEqual([expect.objectContaining({ desired: 'stopped' })]);
  });

  it('is handed over once where it is a stop of which nobody knows: the journal keeps it', async () => {
    const { cell, kept, commit } = makeCell(IN_DOUBT);
    expect(await cell.command(STOP, 'down')).toEqual({ recorded: false });
    expect(kept).toEqual([]);
    expect(commit).toHaveBeenCalledWith(expect.objectContaining({ desired: 'stopped' }), { isKeptInDoubt: true });
  });
});
