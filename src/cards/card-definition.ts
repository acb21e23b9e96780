import { capabilitiesSchema, httpUrl, plainLine, type AgentDefinitionInput, type InvalidMember } from '../kernel';
import { CardFault, type ReadCard } from './agent-card';
import type { ImportRequest } from './import-request';

const MAX_ID = 63;
const MAX_NAME = 200;
const MAX_CAPABILITY = 128;

/** Definition that a card yields, or what is wrong with the request. */
export type CardDefinition =
  | { readonly kind: 'definition'; readonly definition: AgentDefinitionInput }
  | { readonly kind: 'fault'; readonly fault: InvalidMember };

/**
 * Returns the agent id that a name yields: lower case, every other run of characters than a-z and 0-9 is one hyphen.
 *
 * @returns null if no letter and no digit is left
 */
export function agentIdOf(name: string): string | null {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{Mark}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, MAX_ID)
    .replace(/-+$/, '');
  return slug === '' ? null : slug;
}

/**
 * Returns the capability that the id of a skill yields: lower case, each character that no capability has is a hyphen.
 *
 * @returns null if nothing usable is left
 */
export function capabilityOf(skillId: string): string | null {
  const parts = skillId.toLowerCase().split(/[./:]/);
  const clean = parts.map((part) => part.replace(/[^a-z0-9_-]+/g, '-').replace(/^[-_]+|-+$/g, ''));
  const name = clean.filter((part) => part !== '').join('.');
  return name === '' || name.length > MAX_CAPABILITY ? null : name;
}

/**
 * Builds the definition of the external agent that a card describes: its name, its skills as capabilities, and the first
 * interface with an http or https URL as endpoint. The card itself is the health check unless the request names
 * another: an agent that serves its card is up.
 *
 * @param cardUrl URL that the card was fetched from
 * @throws CardFault if a member of the card cannot be used
 */
export function definitionOfCard(card: ReadCard, request: ImportRequest, cardUrl: string): CardDefinition {
  const agentId = request.agentId ?? agentIdOf(card.name);
  if (agentId === null) {
    const detail = 'is missing, and the name of the card contains no letter or digit to derive it from';
    return { kind: 'fault', fault: { pointer: '/agentId', detail } };
  }
  const endpoint = card.supportedInterfaces.find(({ url }) => httpUrl.safeParse(url).success)?.url;
  if (endpoint === undefined) throw new CardFault('has no interface with an http or https URL');
  const capabilities = [...new Set(card.skills.flatMap(({ id }) => capabilityOf(id) ?? []))];
  if (capabilities.length === 0 || !capabilitiesSchema.safeParse(capabilities).success) {
    throw new CardFault('has no skill whose id yields a capability: an id needs a letter or a digit');
  }
  const name = plainLine(card.name, MAX_NAME);
  const { tags, healthUrl = cardUrl } = request;
  return {
    kind: 'definition',
    definition: {
      agentId,
      name: name === '' ? agentId : name,
      entryPoint: null,
      tags: [...tags],
      capabilities,
      endpoint,
      healthUrl,
    },
  };
}
