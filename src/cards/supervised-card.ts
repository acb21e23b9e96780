import type { AgentView } from '../kernel';
import type { AgentCard } from '../registry';

/** Identifies the extension with which a served card says how the supervisor sees the agent. Stable. */
export const SUPERVISION_EXTENSION = 'urn:agent-spawner:a2a:supervision:1';

/** Part of a view that the extension shows. */
export type SupervisedState = Pick<AgentView, 'agentId' | 'status' | 'healthScore' | 'circuit'>;

/**
 * Returns the card with the extension for status, score and circuit, which replaces an extension of the same URI. A
 * changed card has no signatures: they would not match.
 */
export function addSupervision(card: AgentCard, { agentId, status, healthScore, circuit }: SupervisedState): AgentCard {
  const { signatures: _signatures, ...rest } = card;
  const capabilities = isObject(card.capabilities) ? card.capabilities : {};
  const given: unknown[] = Array.isArray(capabilities.extensions) ? capabilities.extensions : [];
  const others = given.filter((each) => !(isObject(each) && each.uri === SUPERVISION_EXTENSION));
  const extension = {
    uri: SUPERVISION_EXTENSION,
    description: 'State of the agent as agent-spawner sees it, at the time of this answer',
    required: false,
    params: { agentId, status, score: healthScore, circuit },
  };
  return { ...rest, capabilities: { ...capabilities, extensions: [...others, extension] } };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
