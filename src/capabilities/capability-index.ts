const WILDCARD = '.*';

interface CapableAgent {
  readonly agentId: string;
  readonly capabilities: readonly string[];
}

/**
 * Finds agents by capability. A lookup reads one entry for the task type itself and one for each prefix of it, so its
 * cost does not depend on the number of agents. Pure.
 */
export class CapabilityIndex {
  private readonly agents = new Map<string, string[]>();

  constructor(agents: Iterable<CapableAgent>) {
    for (const { agentId, capabilities } of agents) {
      for (const capability of capabilities) {
        const known = this.agents.get(capability);
        if (known === undefined) this.agents.set(capability, [agentId]);
        else known.push(agentId);
      }
    }
  }

  /**
   * Returns the agents that have the capability itself or a wildcard above it, each once. `content.*` matches
   * `content.generate` and `content.generate.draft`, but not `content`.
   */
  find(taskType: string): readonly string[] {
    const found = keysOf(taskType).flatMap((key) => this.agents.get(key) ?? []);
    return found.length < 2 ? found : [...new Set(found)];
  }

  /** Returns every registered capability with its agents, both sorted. */
  list(): Record<string, string[]> {
    const entries = [...this.agents].map(([capability, agentIds]) => [capability, [...agentIds].sort()] as const);
    return Object.fromEntries(entries.sort(([left], [right]) => left.localeCompare(right)));
  }
}

/** Returns the capabilities that match a task type: `a.b.c`, `a.b.*`, `a.*`. */
function keysOf(taskType: string): string[] {
  const keys = [taskType];
  for (let dot = taskType.lastIndexOf('.'); dot > 0; dot = taskType.lastIndexOf('.', dot - 1))
    keys.push(taskType.slice(0, dot) + WILDCARD);
  return keys;
}
