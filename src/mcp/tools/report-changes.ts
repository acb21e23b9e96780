import { AgentViews, AgentWaits } from '../../healing';
import { whyOf } from '../agent-state';
import type { ToolCall } from '../tool';

/** Above the longest time that a start or a restart can take: delay, kill timeout and the time for PM2's answer. */
const LONGEST_MS = 24 * 3_600_000;

interface Reported {
  readonly waits: AgentWaits;
  readonly views: AgentViews;
  readonly agentId: string;
  readonly call: ToolCall;
}

/**
 * Runs an operation, and reports each change of the agent's status meanwhile. The operation goes on when the client is
 * gone; only the reports end.
 */
export async function reportChanges(
  { waits, views, agentId, call }: Reported,
  operate: () => Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  const running = operate();
  let shown = '';
  const report = () => {
    const view = views.view(agentId);
    const line = [`${agentId} is ${view.status}`, whyOf(view)].filter((part) => part !== '').join('; ');
    if (line !== shown) call.report(line);
    shown = line;
    return null;
  };
  // A report that fails must not change the outcome of the operation. It ends by the abort below, or because the agent
  // is unknown, which the operation says itself.
  const reporting = waits.until([agentId], report, { timeoutMs: LONGEST_MS, signal: over.signal }).catch(() => null);
  try {
    await running;
  } finally {
    over.abort();
    await reporting;
  }
}
