import { createDeferred, Problem } from '../../kernel';
import type { AgentViews, AgentWaits } from '../../healing';
import { makeView } from '../../../test/support/agent-views';
import { settled } from '../../../test/support/fake-clock';
import { makeWaits } from '../../../test/support/waiting-callers';
import type { ToolCall } from '../tool';
import { reportChanges } from './report-changes';

function begin(waits: AgentWaits, statuses: Map<string, string>, operate: () => Promise<unknown>) {
  const lines: string[] = [];
  const views = {
    view: (agentId: string) => {
      const status = statuses.get(agentId);
      if (status === undefined) throw new Problem('agent-not-found', 'No agent has this id.');
      return makeView({ agentId, status: status as 'running' });
    },
  } as unknown as AgentViews;
  const call: ToolCall = { role: 'operator', signal: new AbortController().signal, report: (line) => lines.push(line) };
  return { lines, done: reportChanges({ waits, views, agentId: 'a', call }, operate) };
}

describe('progress of an operation', () => {
  it('is each change of the status, once, until the operation is over', async () => {
    const { waits, change, statuses } = makeWaits();
    change('a', 'stopped');
    const operation = createDeferred<null>();
    const { lines, done } = begin(waits, statuses, () => operation.promise);
    change('a', 'starting');
    await settled();
    change('a', 'starting');
    await settled();
    operation.resolve(null);
    await done;
    change('a', 'running');
    await settled();
    expect(lines).toEqual(['a is stopped; stopped by an order', 'a is starting']);
    expect(waits.size).toBe(0);
  });

  it('does not change the outcome: the operation fails as it does by itself', async () => {
    const { waits, change, statuses } = makeWaits();
    change('a', 'stopped');
    const fault = new Problem('launch-failed', 'It failed.');
    await expect(begin(waits, statuses as Map<string, string>, () => Promise.reject(fault)).done).rejects.toBe(fault);
    statuses.delete('a');
    const unknown = begin(waits, statuses, () => Promise.resolve(null));
    await unknown.done;
    expect([unknown.lines, waits.size]).toEqual([[], 0]);
  });
});
