import { makeSupervisor } from '../../../test/support/supervised-agents';
import { definitionOf, registeredAgent } from '../../../test/support/definitions';
import { launchFingerprint } from '../../registry';
import { type MachineEvent, type Waiters } from '../machine';

describe('updating an agent', () => {
  it('is refused while an operation runs, and changes nothing if it cannot be saved', async () => {
    const { supervisor, disk, agents, register, outcomeOf } = await makeSupervisor();
    await register('a');
    disk.isAway = true;
    expect(await outcomeOf(supervisor.agents.update('a', { args: ['new'] }))).toBe('database-unavailable');
    expect(agents.get('a')?.args).toEqual([]);
  });

  it('is followed by a restart that does not join an earlier launch', async () => {
    const { supervisor, world, agents, register, start, outcomeOf, clock } = await makeSupervisor();
    await register('a');
    await outcomeOf(start('a'));
    const [first] = world.aliveOf('a');
    world.crash(first?.pid ?? 0, { exitCode: 1, signal: null });
    // Healing relaunches it while the daemon is frozen.
    await clock.advance(15);
    world.freezeDaemon(true);
    await clock.advance(100);
    expect(supervisor.machineState('a')?.state.phase.kind).toBe('starting');
    expect(await outcomeOf(supervisor.agents.update('a', { args: ['new'] }), 0)).toBe('done');
    const restart = supervisor.command('a', { type: 'restart-asked', reason: 'asked', delayMs: 0 }, 'up');
    world.freezeDaemon(false);
    expect(await outcomeOf(restart, 20_000)).toBe('done');
    const phase = supervisor.machineState('a')?.state.phase;
    const agent = agents.get('a') ?? registeredAgent();
    expect(phase).toMatchObject({ run: { fingerprint: launchFingerprint(agent) } });
    expect(world.aliveOf('a')).toHaveLength(1);
  });
});

describe('a command that waits while its agent is replaced by another with the same id', () => {
  it.each<readonly [string, MachineEvent, Waiters]>([
    ['stop', { type: 'stop-asked', by: 'the operator', hasFreshSnapshot: true }, 'down'],
    ['pause', { type: 'pause-asked', until: Infinity }, 'decided'],
    ['reset', { type: 'reset-asked' }, 'up'],
  ])('does not reach the new one: %s', async (_, event, waiters) => {
    const { supervisor, outcomeOf, register, agents } = await makeSupervisor({ begins: false });
    await register('a');
    const command = supervisor.command('a', event, waiters);
    command.catch(() => undefined);
    await outcomeOf(supervisor.agents.unregister('a'), 500);
    expect(agents.has('a')).toBe(false);
    await supervisor.agents.register(definitionOf({ agentId: 'a', autostart: true }));
    void supervisor.begin();
    expect(await outcomeOf(command)).toBe('agent-not-found');
    expect(supervisor.machineState('a')).toMatchObject({ desired: 'running', state: { pausedUntil: null } });
  });
});

describe('a manual count on the circuit', () => {
  it('saves state and event in one commit, and nothing if it is refused', async () => {
    const { supervisor, disk, saved, register, outcomeOf } = await makeSupervisor();
    await register('a');
    const failure = { type: 'failure', restartable: false, trial: true } as const;
    disk.isAway = true;
    expect(await outcomeOf(supervisor.agents.applyToCircuit('a', failure))).toBe('database-unavailable');
    expect(supervisor.circuitOf('a').state).toBe('CLOSED');
    disk.isAway = false;
    expect(await outcomeOf(supervisor.agents.applyToCircuit('a', failure), 20)).toBe('done');
    expect(saved.at(-1)).toMatchObject({ circuit: { state: 'OPEN' }, events: [{ type: 'circuit.opened' }] });
    expect(saved.at(-1)?.circuit).toBe(supervisor.circuitOf('a'));
  });
});

describe('a closed actor', () => {
  it('answers every caller, and acts no more', async () => {
    const { supervisor, world, register, start, outcomeOf, clock } = await makeSupervisor();
    await register('a');
    world.freezeDaemon(true);
    const waiting = [start('a'), start('a'), supervisor.command('a', { type: 'resume-asked' }, 'decided')];
    for (const each of waiting) each.catch(() => undefined);
    await clock.advance(1);
    supervisor.end();
    world.freezeDaemon(false);
    const outcomes = await Promise.all(waiting.map((each) => outcomeOf(each, 20_000)));
    expect(outcomes).not.toContain('not answered');
    expect(world.aliveOf('a').length).toBeLessThanOrEqual(1);
    expect(await outcomeOf(start('a'))).toBe('operation-in-progress');
  });
});
