import type { ContractSuite } from './process-manager-harness';

const KILL_TIMEOUT_MS = 300;

/** Verifies what a launch leaves in the list, and which outcome it reports. */
export function describeLaunches(suite: ContractSuite): void {
  describe('a launch', () => {
    it('starts a live process that is listed under its run ID', async () => {
      await suite.connect();
      const { process, entryId, uniqueId, upSince, runId } = await suite.launch('one');
      expect(suite.world.runtime.isAlive(process)).toBe(true);
      const { listed, unlisted } = await suite.list(true);
      expect(listed).toEqual([
        expect.objectContaining({ agentId: 'one', entryId, uniqueId, upSince, runId, process, state: 'online' }),
      ]);
      expect(unlisted).toEqual([]);
    });

    it('reuses the stopped entry that it replaces', async () => {
      await suite.connect();
      const first = await suite.launch('one');
      suite.world.kill(first.process);
      await suite.hear('exited');
      const second = await suite.launch('one', 'sleeps', first.entry);
      expect(second.entryId).toBe(first.entryId);
      expect(second.uniqueId).not.toBe(first.uniqueId);
      expect(second.upSince).toBeGreaterThan(first.upSince);
      const { listed } = await suite.list();
      expect(listed.map(({ runId, process }) => [runId, process])).toEqual([[second.runId, second.process]]);
    });

    it('fails for a program that cannot be executed, and leaves a stopped entry', async () => {
      await suite.connect();
      const outcome = await suite.world.settle(suite.world.runtime.launch(suite.world.plan('one', 'refused'), null));
      expect(outcome).toMatchObject({ kind: 'failed', reason: 'refused' });
      const { listed } = await suite.list(true);
      expect(listed.map(({ agentId, state, process }) => [agentId, state, process])).toEqual([
        ['one', 'stopped', null],
      ]);
    });

    it('succeeds for a program that exits at once, and its exit is reported', async () => {
      await suite.connect();
      const { runId, upSince } = await suite.launch('one', 'exits');
      const exit = await suite.hear('exited');
      expect(exit).toMatchObject({ agentId: 'one', runId, upSince, exitCode: 3, signal: null, ordered: false });
    });
  });
}

/** Verifies that each exit is reported, and that a kill leaves no process. */
export function describeExits(suite: ContractSuite): void {
  describe('an exit', () => {
    it('by an external signal is reported with the signal', async () => {
      await suite.connect();
      const { process, runId, upSince } = await suite.launch('one');
      suite.world.kill(process);
      const exit = await suite.hear('exited');
      expect(exit).toMatchObject({ agentId: 'one', runId, upSince, signal: 'SIGKILL', ordered: false });
      expect(suite.world.runtime.isAlive(process)).toBe(false);
    });

    it('by terminate leaves no process, and the entry stays listed as stopped', async () => {
      await suite.connect();
      const { process, runId } = await suite.launch('one');
      const target = { agentId: 'one', runId, process };
      expect(await suite.world.settle(suite.world.runtime.terminate(target, KILL_TIMEOUT_MS))).toEqual({
        kind: 'gone',
      });
      expect(suite.world.runtime.isAlive(process)).toBe(false);
      const { state } = await suite.world.until(
        async () => (await suite.list()).listed.find((entry) => entry.state === 'stopped'),
        'the entry is listed as stopped',
      );
      expect(state).toBe('stopped');
      expect(await suite.world.settle(suite.world.runtime.terminate(target, KILL_TIMEOUT_MS))).toEqual({
        kind: 'gone',
      });
    });

    it('is forced by SIGKILL if SIGTERM is ignored, even while the daemon hangs', async () => {
      await suite.connect();
      const { process } = await suite.launch('one', 'stubborn');
      suite.world.freezeDaemon(true);
      const target = { agentId: 'one', runId: null, process: null };
      expect(await suite.world.settle(suite.world.runtime.terminate(target, KILL_TIMEOUT_MS))).toEqual({
        kind: 'gone',
      });
      expect(suite.world.runtime.isAlive(process)).toBe(false);
      suite.world.freezeDaemon(false);
      expect(await suite.hear('exited')).toMatchObject({ agentId: 'one', signal: 'SIGKILL', ordered: false });
    });

    it('of one process does not affect others', async () => {
      await suite.connect();
      const one = await suite.launch('one');
      const two = await suite.launch('two');
      expect(await suite.world.settle(suite.world.runtime.terminateProcess(one.process, KILL_TIMEOUT_MS))).toEqual({
        kind: 'gone',
      });
      expect(suite.world.runtime.isAlive(two.process)).toBe(true);
    });
  });
}
