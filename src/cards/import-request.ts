import { z } from 'zod';
import { agentIdSchema, httpUrl, tagsSchema } from '../kernel';

/** Body of POST /api/agents/import-card. */
export const importRequestSchema = z.strictObject({
  url: httpUrl.describe(
    'URL of the agent card, ending in .json; or the base URL of the agent, to which /.well-known/agent-card.json is added',
  ),
  agentId: agentIdSchema.optional().describe('Omitted: derived from the name in the card'),
  healthUrl: httpUrl.nullable().optional().describe('Omitted: the URL of the card; null: the agent is not checked'),
  tags: tagsSchema.default([]),
});

export type ImportRequest = Readonly<z.output<typeof importRequestSchema>>;

const WELL_KNOWN = '/.well-known/agent-card.json';

/** Returns the URL of the card: the given one if its path ends in .json, else the well-known one below it. */
export function cardUrlOf(given: string): URL {
  const url = new URL(given);
  url.hash = '';
  if (url.pathname.toLowerCase().endsWith('.json')) return url;
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${WELL_KNOWN}`;
  url.search = '';
  return url;
}
