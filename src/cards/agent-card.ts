import { z } from 'zod';
import { invalidMembers, plainBlock } from '../kernel';
import type { AgentCard } from '../registry';

/** Limits of a card. Above them it is refused, except that a longer text is cut. */
const MAX_DEPTH = 16;
const MAX_MEMBERS = 256;
const MAX_TEXT = 4_096;
const MAX_NAME = 256;

/** Says what is wrong with what a URL answered. */
export class CardFault extends Error {}

/**
 * Members of an A2A 1.0 card (`AgentCard` in the protocol's a2a.proto) that a registration reads. All others are kept as
 * they are. Serializers of protocol buffers omit empty lists and texts, so only what is used is required.
 */
const cardSchema = z.looseObject({
  name: z.string().min(1),
  description: z.string().optional(),
  version: z.string().optional(),
  supportedInterfaces: z
    .array(z.looseObject({ url: z.string(), protocolBinding: z.string(), protocolVersion: z.string() }))
    .min(1),
  capabilities: z.looseObject({ extensions: z.array(z.looseObject({ uri: z.string() })).optional() }).optional(),
  skills: z.array(z.looseObject({ id: z.string(), name: z.string().optional() })).min(1),
});

/** A card with the members that a registration reads. */
export type ReadCard = AgentCard & z.output<typeof cardSchema>;

/**
 * Reads what a URL answered as an A2A 1.0 agent card. Text loses its control characters and is cut to 4,096 characters.
 * Signatures are dropped: they sign the text as it was published.
 *
 * @throws CardFault that says why it is no such card
 */
export function readCard(json: unknown): ReadCard {
  const { signatures: _signatures, ...card } = cleanObject(json);
  const parsed = cardSchema.safeParse(card);
  if (parsed.success) return parsed.data;
  if (typeof card.url === 'string' && card.supportedInterfaces === undefined) {
    throw new CardFault(
      'is a card of A2A 0.3: it has url, but not the supportedInterfaces of A2A 1.0. Import the 1.0 card of the agent, or register it with POST /api/agents',
    );
  }
  const faults = invalidMembers(parsed.error).slice(0, 5);
  const named = faults.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('; ');
  throw new CardFault(`is not an A2A 1.0 agent card: ${named}`);
}

function cleanObject(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new CardFault('is not an agent card: it is not a JSON object');
  }
  return clean(json, MAX_DEPTH) as Record<string, unknown>;
}

function clean(value: unknown, levels: number): unknown {
  if (typeof value === 'string') return plainBlock(value, MAX_TEXT);
  if (typeof value !== 'object' || value === null) return value;
  if (levels === 0) throw new CardFault(`is nested more than ${MAX_DEPTH} levels deep`);
  const members = Object.entries(value);
  if (members.length > MAX_MEMBERS) {
    throw new CardFault(`has a list or an object of more than ${MAX_MEMBERS} members`);
  }
  if (Array.isArray(value)) return value.map((each) => clean(each, levels - 1));
  // Copying a member of this name into another object would set the prototype of that object.
  const kept = members.filter(([name]) => name !== '__proto__');
  return Object.fromEntries(kept.map(([name, each]) => [plainBlock(name, MAX_NAME), clean(each, levels - 1)]));
}
