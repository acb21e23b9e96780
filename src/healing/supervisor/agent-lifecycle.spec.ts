import { makeSupervisor } from '../../../test/support/supervised-agents';
import { definitionOf } from '../../../test/support/definitions';
import { settled } from '../../../test/support/fake-clock';
import { LOG, LOG_END } from '../../../test/support/machine-builders';

describe('registering an agent', () => {
  it('commits once with its event, and lets one of two concurrent registrations win', async () => {
    const { supervisor, saved, outcomeOf, agents } = await makeSupervisor();
    const outcomes = [1, 2].map(() => supervisor.agents.register(definitionOf({ agentId: 'a' })));
    expect(await Promise.all(outcomes.map((outcome) => outcomeOf(outcome, 20)))).toEqual(['done', 'agent-exists']);
    expect(saved).toEqual([
      expect.objectContaining({
        definition: { kind: 'saved', agent: agents.get('a') },
        events: [expect.objectContaining({ type: 'agent.registered' })],
      }),
    ]);
  });

  it('leaves nothing if it cannot be saved, and can be repeated', async () => {
    const { actors, supervisor, disk, outcomeOf, agents, register } = await makeSupervisor();
    disk.isAway = true;
    expect(await outcomeOf(supervisor.agents.register(definitionOf({ agentId: 'a' })))).toBe('database-unavailable');
    expect([agents.size, actors.ids()]).toEqual([0, []]);
    disk.isAway = false;
    await register('a');
    expect(actors.ids()).toEqual(['a']);
  });
});

describe('every change of an agent', () => {
  it('is noted: registration, start, pause, circuit, definition, crash, and unregistration', async () => {
    const { supervisor, noted, clock, world, start, outcomeOf } = await makeSupervisor();
    const expectNoted = async (work: () => Promise<unknown>, withinMs: number) => {
      noted.splice(0);
      expect(await outcomeOf(work(), withinMs)).toBe('done');
      expect(new Set(noted)).toEqual(new Set(['a']));
    };
    await expectNoted(() => supervisor.agents.register(definitionOf({ agentId: 'a' })), 50);
    await expectNoted(() => start('a'), 5_000);
    const pause = { type: 'pause-asked', until: clock.now() + 60_000 } as const;
    await expectNoted(() => supervisor.command('a', pause, 'decided'), 50);
    await expectNoted(() => supervisor.command('a', { type: 'resume-asked' }, 'decided'), 50);
    await expectNoted(() => supervisor.agents.applyToCircuit('a', { type: 'success' }), 50);
    await expectNoted(() => supervisor.agents.update('a', { args: ['x'] }), 50);
    await expectNoted(() => {
      for (const { pid } of world.aliveOf('a')) world.crash(pid, { exitCode: 1, signal: null });
      return Promise.resolve();
    }, 500);
    await expectNoted(() => supervisor.agents.unregister('a'), 5_000);
  });
});

describe('registering an agent with autostart', () => {
  const AUTOSTART = definitionOf({ agentId: 'a', autostart: true });

  it('saves definition, desired state and launch in one commit, and launches once', async () => {
    const { supervisor, saved, outcomeOf, world } = await makeSupervisor();
    expect(await outcomeOf(supervisor.agents.register(AUTOSTART), 0)).toBe('done');
    expect(saved[0]).toMatchObject({
      definition: { kind: 'saved' },
      desired: 'running',
      state: { phase: { kind: 'down', why: 'waiting', launch: { by: 'autostart' } } },
    });
    await outcomeOf(Promise.resolve(), 5_000);
    expect([world.aliveOf('a').length, supervisor.machineState('a')?.desired]).toEqual([1, 'running']);
  });

  it('waits for the first snapshot without a limit, then launches', async () => {
    const { supervisor, outcomeOf, world, clock, saved } = await makeSupervisor({ begins: false });
    expect(await outcomeOf(supervisor.agents.register(AUTOSTART), 60_000)).toBe('done');
    expect(saved.map(({ state }) => state.phase.kind)).toEqual(['down']);
    void supervisor.begin();
    await clock.advance(5_000);
    expect(world.aliveOf('a')).toHaveLength(1);
  });

  it('starts nothing if it cannot be saved', async () => {
    const { actors, supervisor, outcomeOf, world, disk } = await makeSupervisor();
    disk.isAway = true;
    expect(await outcomeOf(supervisor.agents.register(AUTOSTART))).toBe('database-unavailable');
    expect([world.aliveOf('a'), actors.ids()]).toEqual([[], []]);
  });
});

describe('unregistering an agent', () => {
  it('kills the process first, and leaves neither row nor entry', async () => {
    const { actors, supervisor, world, agents, register, start, outcomeOf, saved, events } = await makeSupervisor();
    await register('a');
    expect(await outcomeOf(start('a'))).toBe('done');
    expect(await outcomeOf(supervisor.agents.unregister('a'))).toBe('done');
    expect([world.aliveOf('a'), world.listed(), agents.size, actors.ids()]).toEqual([[], [], 0, []]);
    expect(saved.at(-1)?.definition).toEqual({ kind: 'removed' });
    expect(events().slice(-2)).toEqual(['agent.terminated', 'agent.unregistered']);
  });

  it('kills a process that PM2 launches afterwards, and removes its entry', async () => {
    const { supervisor, runtime, world, clock, register, outcomeOf } = await makeSupervisor();
    await register('a');
    expect(await outcomeOf(supervisor.agents.unregister('a'))).toBe('done');
    const late = { agentId: 'a', runId: 'late', program: '/agents/sleeps', args: [], cwd: '/agents', env: {} };
    void runtime.launch({ ...late, killTimeoutMs: 2_000 }, null);
    await clock.advance(1_000);
    expect(world.aliveOf('a')).toHaveLength(1);
    for (const _ of ['the process', 'its entry']) {
      void supervisor.pass();
      await clock.advance(5_000);
    }
    expect([world.aliveOf('a'), world.listed()]).toEqual([[], []]);
  });

  it('is answered for an external agent', async () => {
    const { actors, supervisor, agents, register, outcomeOf, saved, events } = await makeSupervisor({
      isExternal: true,
    });
    await register('a');
    expect(await outcomeOf(supervisor.agents.unregister('a'))).toBe('done');
    expect([agents.size, actors.ids()]).toEqual([0, []]);
    expect([saved.at(-1)?.definition, events().at(-1)]).toEqual([{ kind: 'removed' }, 'agent.unregistered']);
  });

  it.each(['spawn first', 'delete first'])(
    'that meets a spawn (%s) leaves no process that no route can end',
    async (order) => {
      const { supervisor, world, agents, register, start, outcomeOf } = await makeSupervisor();
      await register('a');
      const requests = [() => start('a'), () => supervisor.agents.unregister('a')];
      if (order === 'delete first') requests.reverse();
      const outcomes = await Promise.all(requests.map((request) => outcomeOf(request())));
      expect(outcomes).not.toContain('not answered');
      if (!agents.has('a')) expect(world.aliveOf('a')).toEqual([]);
      else expect(await outcomeOf(supervisor.agents.unregister('a'))).toBe('done');
      expect(world.aliveOf('a')).toEqual([]);
    },
  );

  it('kills nothing if the database refuses it', async () => {
    const { supervisor, world, disk, register, start, outcomeOf, agents } = await makeSupervisor();
    await register('a');
    await outcomeOf(start('a'));
    disk.isAway = true;
    expect(await outcomeOf(supervisor.agents.unregister('a'))).toBe('database-unavailable');
    expect([world.aliveOf('a').length, agents.has('a')]).toEqual([1, true]);
  });

  it('refuses concurrent commands, and cancels a launch in progress', async () => {
    const { actors, supervisor, world, fates, clock, register, start, outcomeOf } = await makeSupervisor();
    await register('a');
    await outcomeOf(start('a'));
    fates.push('answer-lost');
    world.crash(world.aliveOf('a')[0]?.pid ?? 0, { exitCode: 1, signal: null });
    await clock.advance(3_500);
    expect(supervisor.machineState('a')?.state.phase.kind).toBe('starting');
    const gone = supervisor.agents.unregister('a');
    const outcome = outcomeOf(gone, 0);
    await settled();
    expect(await outcomeOf(supervisor.agents.update('a', { args: [] }), 20)).toBe('operation-in-progress');
    expect(await outcome).toBe('not answered');
    expect(await outcomeOf(gone, 20_000)).toBe('done');
    expect([world.aliveOf('a'), actors.ids()]).toEqual([[], []]);
  });

  it('is refused while another operation runs', async () => {
    const { supervisor, world, register, start, outcomeOf } = await makeSupervisor();
    await register('a');
    world.freezeDaemon(true);
    const started = start('a');
    started.catch(() => undefined);
    await settled();
    expect(await outcomeOf(supervisor.agents.unregister('a'), 20)).toBe('operation-in-progress');
    world.freezeDaemon(false);
  });
});

describe('a process that an operator restarted in a shell', () => {
  it('is diagnosed by what it prints from its adoption on', async () => {
    const { supervisor, world, disk, start, outcomeOf, register, clock } = await makeSupervisor();
    await register('a');
    await outcomeOf(start('a'));
    expect(supervisor.machineState('a')?.state.lastRun?.log).toEqual(LOG);
    disk.logEnd = LOG_END;
    world.shell.restart('a');
    await clock.advance(5_000);
    const pid = world.aliveOf('a')[0]?.pid;
    expect(supervisor.machineState('a')?.state.lastRun).toMatchObject({ process: { pid }, log: LOG_END });
  });
});
