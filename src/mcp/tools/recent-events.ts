import { z } from 'zod';
import { isoTime } from '../../kernel';
import { EVENT_TYPES, EventLog, type AgentEvent } from '../../events';
import { bytesOf, fitFirst, fitLast } from '../page';
import { defineTool, type Tool } from '../tool';
import { untrustedData, untrustedLine } from '../untrusted';
import { id } from './arguments';

const MOST_EVENTS = 100;
const MOST_TEXT = 300;
const MOST_DATA = 1_500;

export const eventSchema = z.object({
  seq: z.number(),
  type: z.string(),
  agent: z.string().nullable(),
  at: z.string(),
  untrustedData: z.unknown(),
});

/** Lists events. The cursor is the `seq` of the last one shown, so that a poll misses none. */
export function recentEvents(events: EventLog): Tool {
  return defineTool({
    name: 'recent_events',
    title: 'Recent events',
    description: 'Lists what happened, ascending: the newest events, or those after the cursor.',
    needs: 'viewer',
    effect: 'reads',
    input: z.strictObject({
      id: id.optional(),
      type: z.enum(EVENT_TYPES).meta({ enum: undefined }).optional(),
      cursor: z.number().int().min(0).optional().describe('the cursor of the last result; 0: from the beginning'),
      limit: z.number().int().min(1).max(MOST_EVENTS).default(30),
    }),
    output: z.object({
      events: z.array(eventSchema),
      truncated: z.boolean(),
      cursor: z.number().nullable(),
    }),
    run: async ({ id: agentId, type, cursor: after, limit }) => {
      // One more than shown tells whether there are more.
      const found = await events.list({ agentId, type, after, limit: limit + 1 });
      const isForwards = after !== undefined;
      const wanted = isForwards ? found.slice(0, limit) : found.slice(-limit);
      const shown = wanted.map(showEvent);
      const page = isForwards ? fitFirst(shown) : fitLast(shown);
      return {
        events: [...page.items],
        truncated: page.truncated || found.length > wanted.length,
        cursor: page.items.at(-1)?.seq ?? after ?? null,
      };
    },
    line: ({ events: shown, truncated }) => `${shown.length} events${truncated ? '; there are more' : ''}.`,
  });
}

/** Returns an event as tools and resources show it. Its data may quote an agent. */
export function showEvent({ seq, type, agentId, data, occurredAt }: AgentEvent): z.input<typeof eventSchema> {
  const shown = untrustedData(data, MOST_TEXT);
  const fits = bytesOf(shown) <= MOST_DATA;
  return {
    ...{ seq, type, agent: agentId, at: isoTime(occurredAt) },
    untrustedData: fits ? shown : untrustedLine(JSON.stringify(shown), MOST_DATA / 3),
  };
}
