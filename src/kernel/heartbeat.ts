import { z } from 'zod';
import { plainText, urlWhere } from './text';

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

export function isLoopback(hostname: string): boolean {
  return LOOPBACK_HOSTS.has(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/**
 * The host stands there as it is meant: `http://0177.0.0.1` is 127.0.0.1 to one reader of URLs and 177.0.0.1 to another.
 */
function isLiteral({ hostname }: URL, written: string): boolean {
  const start = `http://${hostname}`;
  return written.toLowerCase().startsWith(start) && /^(?:[:/?#]|$)/.test(written.slice(start.length));
}

const announcedUrl = urlWhere(
  (url, written) => url.protocol === 'http:' && isLoopback(url.hostname) && isLiteral(url, written),
  'must be an http URL of a literal loopback address or localhost',
).nullable();

/** What an agent tells of itself; every member is optional, an unknown one is an error. */
export const heartbeatSchema = z.strictObject({
  status: z.enum(['ok', 'degraded', 'failing']).optional(),
  message: plainText(2000).optional(),
  task: plainText(2000).nullable().optional().describe('What it works on; a change of it is progress'),
  busy: z.boolean().optional(),
  progress: z.number().optional().describe('Any change of it is progress'),
  tokensUsed: z.number().int().min(0).optional().describe('A counter of the run'),
  endpoint: announcedUrl.optional().describe('Where this run takes tasks; omitted: unchanged, null: withdrawn'),
  healthUrl: announcedUrl.optional().describe('Where this run is checked; omitted: unchanged, null: withdrawn'),
});

export type Heartbeat = Readonly<z.output<typeof heartbeatSchema>>;
