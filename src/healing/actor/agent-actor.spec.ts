import { registeredAgent } from '../../../test/support/definitions';
import { FakeClock, settled } from '../../../test/support/fake-clock';
import { POLICY, START as START_MS } from '../../../test/support/machine-builders';
import { NO_REPORTS } from '../../../test/support/no-reports';
import { countedIds, seededRandom } from '../../../test/support/seeded';
import { Circuits, CLOSED_CIRCUIT } from '../../circuit';
import { Problem, type AgentDefinition, type DesiredState } from '../../kernel';
import { CommitInDoubt } from '../../persistence/database/commit-in-doubt';
import type { ProcessManager } from '../../processes';
import { AgentActor, type Act } from './agent-actor';
import type { Change, Journal } from './journal';
import { newAgentState, type AgentState, type MachineEvent } from '../machine';

const START: MachineEvent = { type: 'start-asked', by: 'operator', mayTrial: true };
const STOP: MachineEvent = { type: 'stop-asked', by: 'a terminate', hasFreshSnapshot: true };

/** Makes an actor whose commands cannot be saved. @param changes to its state, which is stopped by default */
function makeActor(refusal: Problem, changes: Partial<AgentState> = {}) {
  const clock = new FakeClock();
  const kept: Change[] = [];
  const applied: DesiredState[] = [];
  const noted: string[] = [];
  const acts = jest.fn<ReturnType<Act>, Parameters<Act>>();
  const circuits = new Circuits(clock, { loadAll: () => Promise.resolve(new Map()) });
  const commit = jest.fn<Promise<void>, Parameters<Journal['commit']>>(() => Promise.reject(refusal));
  const ports = {
    ...{
      clock,
      random: seededRandom(1),
      newId: countedIds(),
      circuits,
      policies: { of: () => POLICY },
      reports: NO_REPORTS,
      viewChanges: { note: () => noted.push('a') },
    },
    diagnosis: {
      diagnose: () => Promise.reject(new Error('no run exited')),
      mark: () => Promise.reject(new Error('nothing is launched')),
    },
    // An actor never calls the runtime; effects go to `act`.
    runtime: null as unknown as ProcessManager,
    definitions: {
      desiredState: () => 'stopped' as const,
      applyDesired: (_: string, to: DesiredState) => void applied.push(to),
      findAgent: (agentId: string) => registeredAgent({ agentId }),
      planRegistration: (given: AgentDefinition) => registeredAgent(given),
      planUpdate: () => null,
      applyDefinition: () => undefined,
    },
    memory: { resetTokens: () => undefined, forget: () => undefined },
    journal: {
      commit,
      commitEventually: (change: Change) => {
        kept.push(change);
        return Promise.resolve();
      },
    },
    log: { info: () => undefined, warn: () => undefined },
    planner: { plan: () => Promise.reject(new Error('nothing is launched')) },
  };
  const state = { ...newAgentState(clock.now()), ...changes };
  const actor = new AgentActor('a', state, ports, acts, () => false);
  return { actor, clock, circuits, state, kept, applied, acts, commit, noted };
}

const AWAY = new Problem('database-unavailable', 'away');
const GONE = new Problem('agent-not-found', 'gone');
const IN_DOUBT = new Problem('database-unavailable', 'the outcome is unknown', {
  cause: new CommitInDoubt('lost', new Promise(() => undefined)),
});

describe('an actor whose handler throws', () => {
  it('refuses the command, so that its caller does not wait forever, and handles the next event', async () => {
    const { actor, acts, commit } = makeActor(AWAY);
    commit.mockResolvedValue(undefined);
    acts.mockImplementationOnce(() => {
      throw new Error('fault');
    });
    await expect(actor.command(START, 'up')).rejects.toMatchObject({ code: 'internal-error' });
    expect(actor.isIdle()).toBe(true);
    expect(await actor.command({ type: 'resume-asked' }, 'decided')).toEqual({ recorded: true });
  });
});

describe('a decision', () => {
  it('notes a change of the view when it is applied', async () => {
    const { actor, commit, noted } = makeActor(AWAY);
    commit.mockResolvedValue(undefined);
    const started = actor.command(START, 'up').catch((error: unknown) => error);
    expect(noted).toEqual([]);
    await settled();
    expect(noted).toEqual(['a']);
    actor.close(GONE);
    expect(await started).toMatchObject({ code: 'agent-not-found' });
  });
});

describe('a closed actor', () => {
  it('does nothing for a command whose commit succeeds only afterwards', async () => {
    const { actor, state, acts, applied, commit } = makeActor(AWAY);
    let save: () => void = () => undefined;
    commit.mockReturnValueOnce(new Promise<void>((resolve) => (save = resolve)));
    const answer = actor.command(START, 'up').catch((error: unknown) => error);
    await settled();
    expect(commit).toHaveBeenCalledTimes(1);
    actor.close(GONE);
    save();
    expect(await answer).toBe(GONE);
    await settled();
    expect([acts.mock.calls, applied]).toEqual([[], []]);
    expect(actor.machineState()).toMatchObject({ state, desired: 'stopped', circuit: CLOSED_CIRCUIT });
  });
});

describe('a command that cannot be saved', () => {
  it('does not act, and changes no view', async () => {
    const { actor, kept, acts, noted } = makeActor(AWAY);
    await expect(actor.command(START, 'up')).rejects.toBe(AWAY);
    expect([kept, acts.mock.calls, noted]).toEqual([[], [], []]);
  });

  it('does not act while its commit is in doubt, and saves the held state over it', async () => {
    const { actor, state, kept, acts } = makeActor(IN_DOUBT);
    await expect(actor.command(START, 'up')).rejects.toBe(IN_DOUBT);
    expect(acts.mock.calls).toEqual([]);
    expect(kept).toEqual([
      expect.objectContaining({ agentId: 'a', state, desired: 'stopped', events: [], restarts: [] }),
    ]);
  });

  it('undoes the new token budget of a reset whose commit is in doubt', async () => {
    const { actor, kept, commit } = makeActor(IN_DOUBT);
    await expect(actor.command({ type: 'reset-asked' }, 'up')).rejects.toBe(IN_DOUBT);
    expect(commit).toHaveBeenCalledWith(expect.objectContaining({ tokens: 'reset' }), { isKeptInDoubt: false });
    expect(kept).toEqual([expect.objectContaining({ tokens: 'reset-undone' })]);
  });

  it('acts if it is a stop, and reports that it is not recorded yet', async () => {
    const { actor, kept } = makeActor(AWAY);
    expect(await actor.command(STOP, 'down')).toEqual({ recorded: false });
    expect(kept).toEqual([expect.objectContaining({ desired: 'stopped' })]);
  });

  it('is handed to the journal once if it is a stop whose commit is in doubt', async () => {
    const { actor, kept, commit } = makeActor(IN_DOUBT);
    expect(await actor.command(STOP, 'down')).toEqual({ recorded: false });
    expect(kept).toEqual([]);
    expect(commit).toHaveBeenCalledWith(expect.objectContaining({ desired: 'stopped' }), { isKeptInDoubt: true });
  });
});

describe('a due time', () => {
  const RESUMED: MachineEvent = { type: 'resumed' };
  const COOLDOWN_MS = 600_000;

  /** Makes the actor of a halted agent, and lets it save when its trial is due. */
  async function makeHalted() {
    const made = makeActor(AWAY, {
      phase: { kind: 'down', since: START_MS, why: 'halted', until: null, launch: null },
    });
    const dueAt = START_MS + COOLDOWN_MS;
    made.circuits.set('a', { ...CLOSED_CIRCUIT, state: 'OPEN', dueAt });
    const savedTimes = () => made.kept.map(({ circuit, wallOffsetMs }) => (circuit.dueAt ?? 0) + wallOffsetMs);
    made.actor.post(RESUMED);
    await settled();
    return { ...made, dueAt, savedTimes };
  }

  it.each([
    [
      'suspend',
      (clock: FakeClock) => {
        clock.freezeFor(60_000);
      },
    ],
    [
      'step of the wall clock',
      (clock: FakeClock) => {
        clock.setWallBy(2_000);
      },
    ],
  ] as const)('is saved again after a %s, once, with the wall time that the API shows', async (_, shift) => {
    const { actor, clock, dueAt, savedTimes } = await makeHalted();
    const before = clock.wallOf(dueAt);
    expect(savedTimes()).toEqual([before]);
    shift(clock);
    actor.post(RESUMED);
    actor.post(RESUMED);
    await settled();
    expect(clock.wallOf(dueAt)).toBeGreaterThan(before);
    expect(savedTimes()).toEqual([before, clock.wallOf(dueAt)]);
  });

  it('is not saved again by a command, which would need the database for it', async () => {
    const { actor, clock, kept, commit } = await makeHalted();
    clock.freezeFor(60_000);
    expect(await actor.command({ type: 'resume-asked' }, 'decided')).toEqual({ recorded: true });
    expect([kept.length, commit.mock.calls]).toEqual([1, []]);
  });

  it('of the end of a pause is saved again too', async () => {
    const { actor, clock, kept } = makeActor(AWAY, { pausedUntil: START_MS + COOLDOWN_MS });
    clock.freezeFor(60_000);
    actor.post(RESUMED);
    await settled();
    expect(kept).toEqual([expect.objectContaining({ wallOffsetMs: 59_500 })]);
  });

  it('is the only reason to save an agent after a suspend', async () => {
    const { actor, clock, kept } = makeActor(AWAY);
    clock.freezeFor(60_000);
    actor.post(RESUMED);
    await settled();
    expect(kept).toEqual([]);
  });
});
