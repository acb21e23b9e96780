import type { ContractSuite } from './process-manager-harness';

/** Verifies the connection to the daemon, and what remains when the daemon dies or hangs. */
export function describeDaemon(suite: ContractSuite): void {
  describe('the daemon', () => {
    it('starts on request, and is the same for concurrent requests', async () => {
      await expect(suite.world.settle(suite.world.runtime.connect(false))).rejects.toMatchObject({
        code: 'process-manager-unavailable',
      });
      expect(suite.world.runtime.isConnected()).toBe(false);
      const daemons = await suite.world.settle(Promise.all([1, 2, 3].map(() => suite.world.runtime.connect(true))));
      expect(new Set(daemons.map(({ pid }) => pid)).size).toBe(1);
      expect(suite.world.runtime.isConnected()).toBe(true);
    });

    it('is noticed at once when killed, and its agents survive outside the list of the next one', async () => {
      const before = await suite.connect();
      const { process, runId } = await suite.launch('one');
      suite.world.killDaemon();
      await suite.hear('connection-lost');
      expect(suite.world.runtime.isConnected()).toBe(false);
      const after = await suite.connect();
      expect(after.pid).not.toBe(before.pid);
      const { listed, unlisted, daemon } = await suite.list(true);
      expect(daemon.pid).toBe(after.pid);
      expect(listed).toEqual([]);
      expect(unlisted).toEqual([{ agentId: 'one', runId, process, leader: true, isNew: false }]);
    });

    it('announces that it is being terminated on purpose', async () => {
      const { pid, startTime } = await suite.connect();
      await suite.launch('one');
      await suite.world.operator('kill', 'one');
      expect(await suite.hear('daemon-ending')).toEqual({ kind: 'daemon-ending', daemon: { pid, startTime } });
      expect(await suite.hear('exited')).toMatchObject({ agentId: 'one', ordered: true });
      await suite.hear('connection-lost');
    });

    it('leaves a launch unknown while it hangs, and executes it later', async () => {
      await suite.connect();
      suite.world.freezeDaemon(true);
      const plan = suite.world.plan('one', 'sleeps');
      const outcome = suite.world.settle(suite.world.runtime.launch(plan, null));
      await expect(suite.world.settle(suite.world.runtime.snapshot(false))).rejects.toMatchObject({
        code: 'process-manager-unavailable',
      });
      expect((await outcome).kind).toBe('unknown');
      suite.world.freezeDaemon(false);
      const entry = await suite.world.until(
        async () => (await suite.list()).listed.find(({ process }) => process !== null),
        'the launch that timed out is listed',
      );
      expect(entry).toMatchObject({ agentId: 'one', runId: plan.runId });
    });

    it('is not asked to launch while it is down', async () => {
      await suite.connect();
      suite.world.killDaemon();
      await suite.hear('connection-lost');
      const outcome = await suite.world.settle(suite.world.runtime.launch(suite.world.plan('one', 'sleeps'), null));
      expect(outcome).toMatchObject({ kind: 'failed', reason: 'not-asked' });
    });
  });
}
