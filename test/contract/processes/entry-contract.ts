import type { ContractSuite } from './process-manager-harness';

/** Verifies that an entry is deleted or replaced only if it is exactly the one that was meant, without a process. */
export function describeEntries(suite: ContractSuite): void {
  describe('an entry', () => {
    const names = async () => (await suite.list()).listed.map(({ agentId }) => agentId);

    it('is deleted only after its process exited', async () => {
      await suite.connect();
      const one = await suite.makeDeadEntry('one');
      const two = await suite.launch('two');
      await suite.world.settle(suite.world.runtime.deleteEntry(one));
      await suite.world.settle(suite.world.runtime.deleteEntry(one));
      await suite.world.settle(suite.world.runtime.deleteEntry(two.entry));
      expect((await suite.list()).listed).toEqual([expect.objectContaining({ agentId: 'two', process: two.process })]);
    });

    it('keeps its reference across a restart in the shell', async () => {
      await suite.connect();
      const { entry } = await suite.launch('one');
      await suite.world.operator('restart', 'one');
      await suite.world.operator('stop', 'one');
      await suite.world.settle(suite.world.runtime.deleteEntry(entry));
      expect(await names()).toEqual([]);
    });

    it.each<[string, () => Promise<void>]>([
      ['the next daemon gives its number to another agent', () => suite.replaceDaemon()],
      ['its daemon gives its number to another agent', () => suite.world.operator('delete', 'one')],
    ])('is not deleted or replaced in place of another one: %s', async (_when, numbersBeginAgain) => {
      await suite.connect();
      const old = await suite.makeDeadEntry('one');
      await numbersBeginAgain();
      const other = await suite.makeDeadEntry('two');
      expect(other.entryId).toBe(old.entryId);
      await suite.world.settle(suite.world.runtime.deleteEntry(old));
      expect(await names()).toEqual(['two']);
      const replacing = await suite.world.settle(suite.world.runtime.launch(suite.world.plan('one', 'sleeps'), old));
      expect(replacing).toMatchObject({ kind: 'failed', reason: 'not-asked' });
      const { listed, unlisted } = await suite.list(true);
      expect(listed).toEqual([expect.objectContaining({ agentId: 'two', uniqueId: other.uniqueId, process: null })]);
      expect(unlisted).toEqual([]);
    });

    it('is not replaced by another agent, nor while its process is alive', async () => {
      await suite.connect();
      const dead = await suite.makeDeadEntry('one');
      const { entry, process } = await suite.launch('two');
      for (const [agentId, replaced] of [
        ['two', dead],
        ['two', entry],
      ] as const) {
        const outcome = await suite.world.settle(
          suite.world.runtime.launch(suite.world.plan(agentId, 'sleeps'), replaced),
        );
        expect(outcome).toMatchObject({ kind: 'failed', reason: 'not-asked' });
      }
      const { listed, unlisted } = await suite.list(true);
      expect(listed.map((row) => [row.agentId, row.process])).toEqual([
        ['one', null],
        ['two', process],
      ]);
      expect(unlisted).toEqual([]);
    });
  });
}
