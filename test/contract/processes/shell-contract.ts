import type { ContractSuite } from './process-manager-harness';

/** Verifies the signals and entries that follow a command in the operator's shell. */
export function describeShell(suite: ContractSuite): void {
  describe("the operator's shell", () => {
    it('stops an agent: an ordered exit, then a stop by the operator', async () => {
      await suite.connect();
      const { upSince } = await suite.launch('one');
      await suite.world.operator('stop', 'one');
      expect(await suite.hear('operator-stopped')).toMatchObject({ agentId: 'one', upSince });
      expect(suite.heard.filter(({ kind }) => kind === 'exited')).toEqual([
        expect.objectContaining({ ordered: true, upSince }),
      ]);
      expect((await suite.list()).listed).toEqual([expect.objectContaining({ state: 'stopped', process: null })]);
    });

    it('starts and restarts an agent: a new process under the same run ID', async () => {
      await suite.connect();
      const first = await suite.launch('one');
      await suite.world.operator('restart', 'one');
      const signal = await suite.hear('operator-started');
      const [entry] = (await suite.list()).listed;
      expect(entry).toMatchObject({ runId: first.runId, state: 'online', upSince: signal.upSince });
      expect(entry?.process?.pid).not.toBe(first.process.pid);
      expect(entry?.upSince).toBeGreaterThan(first.upSince);
      await suite.world.operator('stop', 'one');
      suite.heard.length = 0;
      await suite.world.operator('start', 'one');
      await suite.hear('operator-started');
      expect((await suite.list()).listed).toEqual([expect.objectContaining({ runId: first.runId, state: 'online' })]);
    });

    it('deletes an agent: an ordered exit, and no entry is left', async () => {
      await suite.connect();
      await suite.launch('one');
      await suite.world.operator('delete', 'one');
      expect(await suite.hear('exited')).toMatchObject({ agentId: 'one', ordered: true });
      expect((await suite.list()).listed).toEqual([]);
      expect(suite.heard.map(({ kind }) => kind)).not.toContain('operator-stopped');
    });
  });
}
