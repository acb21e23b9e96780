import { z } from 'zod';
import { plainText, urlWhere } from './text';

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Returns true for a host name of this machine, in the form of `URL.hostname`. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK_HOSTS.has(hostname) || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/**
 * Returns true if the host is written in its normal form. Parsers disagree about others: `http://0177.0.0.1` is
 * 127.0.0.1 to one and 177.0.0.1 to another.
 */
function isLiteral({ hostname }: URL, written: string): boolean {
  const start = `http://${hostname}`;
  return written.toLowerCase().startsWith(start) && /^(?:[:/?#]|$)/.test(written.slice(start.length));
}

/** The supervisor sends requests to announced URLs, so an agent must not announce the address of another machine. */
const announcedUrl = urlWhere(
  (url, written) => url.protocol === 'http:' && isLoopback(url.hostname) && isLiteral(url, written),
  'must be an http URL of a literal loopback address or localhost',
).nullable();

/** Body of a heartbeat. Every member is optional; an unknown member is an error. */
export const heartbeatSchema = z.strictObject({
  status: z.enum(['ok', 'degraded', 'failing']).optional(),
  message: plainText(2000).optional(),
  task: plainText(2000).nullable().optional().describe('Current task; a change counts as progress'),
  busy: z.boolean().optional(),
  progress: z.number().optional().describe('Any change counts as progress'),
  tokensUsed: z.number().int().min(0).optional().describe('Tokens that this run has used so far'),
  endpoint: announcedUrl
    .optional()
    .describe('URL at which this run accepts tasks; omitted: unchanged; null: withdrawn'),
  healthUrl: announcedUrl
    .optional()
    .describe('URL of the health check of this run; omitted: unchanged; null: withdrawn'),
});

export type Heartbeat = Readonly<z.output<typeof heartbeatSchema>>;
