import type { LaunchPlan, ProcessIdentity, ProcessRuntime, RuntimeSignal } from '../../../src/runtime';

/** What a program of the suite does. `stubborn` ignores SIGTERM, `refused` cannot be executed, `exits` ends with code 3. */
export type Program = 'sleeps' | 'stubborn' | 'refused' | 'exits';

/** One world with a runtime in it, real or fake; the suite acts on it as people and fate do. */
export interface RuntimeHarness {
  readonly runtime: ProcessRuntime;
  plan(agentId: string, program: Program): LaunchPlan;
  /** Waits until the condition holds, however time passes here. */
  until<T>(condition: () => T | Promise<T>, what: string): Promise<NonNullable<T>>;
  /** Lets a promise settle, however time passes here. */
  settle<T>(promise: Promise<T>): Promise<T>;
  kill(process: ProcessIdentity): void;
  killDaemon(): void;
  freezeDaemon(frozen: boolean): void;
  operator(deed: 'stop' | 'start' | 'restart' | 'delete' | 'kill', agentId: string): Promise<void>;
  destroy(): Promise<void>;
}

const KILL_TIMEOUT_MS = 300;

type Signal<K extends RuntimeSignal['kind']> = Extract<RuntimeSignal, { kind: K }>;

/** What everybody may rely on who holds a {@link ProcessRuntime}; it runs on the real adapter and on the fake one. */
export function describeRuntimeContract(name: string, make: () => Promise<RuntimeHarness>): void {
  describe(`the process runtime: ${name}`, () => {
    let world: RuntimeHarness;
    let heard: RuntimeSignal[];

    beforeEach(async () => {
      world = await make();
      heard = [];
      world.runtime.onSignal((signal) => heard.push(signal));
    });

    afterEach(async () => {
      await world.destroy();
    });

    const started = async () => world.settle(world.runtime.connect(true));
    const list = async (scan = false) => world.settle(world.runtime.snapshot(scan));

    async function launched(agentId: string, program: Program = 'sleeps', replaces: number | null = null) {
      const plan = world.plan(agentId, program);
      const outcome = await world.settle(world.runtime.launch(plan, replaces));
      if (outcome.kind !== 'launched') throw new Error(`not launched: ${JSON.stringify(outcome)}`);
      return { ...outcome, runId: plan.runId };
    }

    function hear<K extends RuntimeSignal['kind']>(kind: K): Promise<Signal<K>> {
      const isIt = (signal: RuntimeSignal): signal is Signal<K> => signal.kind === kind;
      return world.until(() => heard.find(isIt), `a signal ${kind} was heard`);
    }

    describe('the daemon', () => {
      it('is not there until it is wanted, and is the same for all who ask for it at once', async () => {
        await expect(world.settle(world.runtime.connect(false))).rejects.toMatchObject({
          code: 'process-manager-unavailable',
        });
        expect(world.runtime.isConnected()).toBe(false);
        const daemons = await world.settle(Promise.all([1, 2, 3].map(() => world.runtime.connect(true))));
        expect(new Set(daemons.map(({ pid }) => pid)).size).toBe(1);
        expect(world.runtime.isConnected()).toBe(true);
      });

      it('that is killed is noticed at once; its agents live on, outside the list of the next one', async () => {
        const before = await started();
        const { process, runId } = await launched('one');
        world.killDaemon();
        await hear('connection-lost');
        expect(world.runtime.isConnected()).toBe(false);
        const after = await started();
        expect(after.pid).not.toBe(before.pid);
        const { listed, unlisted, daemon } = await list(true);
        expect(daemon.pid).toBe(after.pid);
        expect(listed).toEqual([]);
        expect(unlisted).toEqual([{ agentId: 'one', runId, process, leader: true, isNew: false }]);
      });

      it('that is ended on purpose says so first', async () => {
        const { pid, startTime } = await started();
        await launched('one');
        await world.operator('kill', 'one');
        expect(await hear('daemon-ending')).toEqual({ kind: 'daemon-ending', daemon: { pid, startTime } });
        expect(await hear('exited')).toMatchObject({ agentId: 'one', ordered: true });
        await hear('connection-lost');
      });

      it('that hangs leaves a launch unknown, and carries it out later all the same', async () => {
        await started();
        world.freezeDaemon(true);
        const plan = world.plan('one', 'sleeps');
        const outcome = world.settle(world.runtime.launch(plan, null));
        await expect(world.settle(world.runtime.snapshot(false))).rejects.toMatchObject({
          code: 'process-manager-unavailable',
        });
        expect((await outcome).kind).toBe('unknown');
        world.freezeDaemon(false);
        const entry = await world.until(
          async () => (await list()).listed.find(({ process }) => process !== null),
          'the launch that was given up is listed',
        );
        expect(entry).toMatchObject({ agentId: 'one', runId: plan.runId });
      });

      it('that is away takes no launch', async () => {
        await started();
        world.killDaemon();
        await hear('connection-lost');
        const outcome = await world.settle(world.runtime.launch(world.plan('one', 'sleeps'), null));
        expect(outcome).toMatchObject({ kind: 'failed', reason: 'not-asked' });
      });
    });

    describe('a launch', () => {
      it('gives a live process that is listed under its run id', async () => {
        await started();
        const { process, pmId, uniqueId, upSince, runId } = await launched('one');
        expect(world.runtime.isAlive(process)).toBe(true);
        const { listed, unlisted } = await list(true);
        expect(listed).toEqual([
          expect.objectContaining({ agentId: 'one', pmId, uniqueId, upSince, runId, process, state: 'online' }),
        ]);
        expect(unlisted).toEqual([]);
      });

      it('takes over the stopped entry that it replaces', async () => {
        await started();
        const first = await launched('one');
        world.kill(first.process);
        await hear('exited');
        const second = await launched('one', 'sleeps', first.pmId);
        expect(second.pmId).toBe(first.pmId);
        expect(second.uniqueId).not.toBe(first.uniqueId);
        expect(second.upSince).toBeGreaterThan(first.upSince);
        const { listed } = await list();
        expect(listed.map(({ runId, process }) => [runId, process])).toEqual([[second.runId, second.process]]);
      });

      it('of what cannot be executed fails, and leaves an entry that is stopped', async () => {
        await started();
        const outcome = await world.settle(world.runtime.launch(world.plan('one', 'refused'), null));
        expect(outcome).toMatchObject({ kind: 'failed', reason: 'refused' });
        const { listed } = await list(true);
        expect(listed.map(({ agentId, state, process }) => [agentId, state, process])).toEqual([
          ['one', 'stopped', null],
        ]);
      });

      it('of what ends at once is a launch all the same, and its end is told', async () => {
        await started();
        const { runId, upSince } = await launched('one', 'exits');
        const exit = await hear('exited');
        expect(exit).toMatchObject({ agentId: 'one', runId, upSince, exitCode: 3, signal: null, ordered: false });
      });
    });

    describe('an end', () => {
      it('by a signal that nobody ordered is told with the signal', async () => {
        await started();
        const { process, runId, upSince } = await launched('one');
        world.kill(process);
        const exit = await hear('exited');
        expect(exit).toMatchObject({ agentId: 'one', runId, upSince, signal: 'SIGKILL', ordered: false });
        expect(world.runtime.isAlive(process)).toBe(false);
      });

      it('that we order leaves nothing, and its entry stays listed as stopped', async () => {
        await started();
        const { process, runId } = await launched('one');
        const target = { agentId: 'one', runId, process };
        expect(await world.settle(world.runtime.terminate(target, KILL_TIMEOUT_MS))).toEqual({ kind: 'gone' });
        expect(world.runtime.isAlive(process)).toBe(false);
        const { state } = await world.until(
          async () => (await list()).listed.find((entry) => entry.state === 'stopped'),
          'the entry is listed as stopped',
        );
        expect(state).toBe('stopped');
        expect(await world.settle(world.runtime.terminate(target, KILL_TIMEOUT_MS))).toEqual({ kind: 'gone' });
      });

      it('comes by SIGKILL where SIGTERM is ignored, also while the daemon hangs', async () => {
        await started();
        const { process } = await launched('one', 'stubborn');
        world.freezeDaemon(true);
        const target = { agentId: 'one', runId: null, process: null };
        expect(await world.settle(world.runtime.terminate(target, KILL_TIMEOUT_MS))).toEqual({ kind: 'gone' });
        expect(world.runtime.isAlive(process)).toBe(false);
        world.freezeDaemon(false);
        expect(await hear('exited')).toMatchObject({ agentId: 'one', signal: 'SIGKILL', ordered: false });
      });

      it('of one process leaves the others of the machine alone', async () => {
        await started();
        const one = await launched('one');
        const two = await launched('two');
        expect(await world.settle(world.runtime.endProcess(one.process, KILL_TIMEOUT_MS))).toEqual({ kind: 'gone' });
        expect(world.runtime.isAlive(two.process)).toBe(true);
      });
    });

    describe("the operator's shell", () => {
      it('stops: an ordered exit, then the word of a stop', async () => {
        await started();
        const { upSince, pmId } = await launched('one');
        await world.operator('stop', 'one');
        expect(await hear('operator-stopped')).toMatchObject({ agentId: 'one', pmId, upSince });
        expect(heard.filter(({ kind }) => kind === 'exited')).toEqual([
          expect.objectContaining({ ordered: true, upSince }),
        ]);
        expect((await list()).listed).toEqual([expect.objectContaining({ state: 'stopped', process: null })]);
      });

      it('starts and restarts: a new process under the run id of the old one', async () => {
        await started();
        const first = await launched('one');
        await world.operator('restart', 'one');
        const signal = await hear('operator-started');
        const [entry] = (await list()).listed;
        expect(entry).toMatchObject({ runId: first.runId, state: 'online', upSince: signal.upSince });
        expect(entry?.process?.pid).not.toBe(first.process.pid);
        expect(entry?.upSince).toBeGreaterThan(first.upSince);
        await world.operator('stop', 'one');
        heard.length = 0;
        await world.operator('start', 'one');
        await hear('operator-started');
        expect((await list()).listed).toEqual([expect.objectContaining({ runId: first.runId, state: 'online' })]);
      });

      it('deletes: an ordered exit, and no entry any more', async () => {
        await started();
        await launched('one');
        await world.operator('delete', 'one');
        expect(await hear('exited')).toMatchObject({ agentId: 'one', ordered: true });
        expect((await list()).listed).toEqual([]);
        expect(heard.map(({ kind }) => kind)).not.toContain('operator-stopped');
      });
    });

    it('forgets an entry that has ended, and never a live one', async () => {
      await started();
      const one = await launched('one');
      const two = await launched('two');
      world.kill(one.process);
      await hear('exited');
      await world.settle(world.runtime.forget(one.pmId));
      await world.settle(world.runtime.forget(one.pmId));
      await world.settle(world.runtime.forget(two.pmId));
      expect((await list()).listed).toEqual([expect.objectContaining({ agentId: 'two', process: two.process })]);
    });
  });
}
