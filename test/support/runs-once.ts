import type { TestService } from './service';
import { until } from './until';
import { livingAgents } from './witness';

/** Waits until each agent has exactly one process, which PM2's list and the API also show. */
export async function waitUntilEachRunsOnce(service: TestService, agentIds: readonly string[]): Promise<void> {
  let last: unknown;
  await until(
    async () => {
      const living = livingAgents(service.home);
      const listed = await service.home.listInShell();
      const views = await service.api.agents();
      last = { living: [...living], views: views.map(({ agentId, pid, status }) => [agentId, pid, status]) };
      return agentIds.every((agentId) => {
        const [pid, ...others] = living.get(agentId) ?? [];
        const entries = listed.filter(({ name }) => name === agentId);
        const view = views.find((each) => each.agentId === agentId);
        return (
          pid !== undefined &&
          others.length === 0 &&
          entries.length === 1 &&
          entries[0]?.pid === pid &&
          view?.pid === pid &&
          view.status === 'running'
        );
      });
    },
    () => `every agent runs once and is listed; last: ${JSON.stringify(last)}`,
    40_000,
  );
}
