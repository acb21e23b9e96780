import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import axios, { type AxiosResponse } from 'axios';
import { isLoopback, messageOf } from '../../kernel';
import type { CheckResult } from '../check-result';

const BODY_BYTES = 65_536;
const MOST_REDIRECTS = 5;
const ERROR_LENGTH = 200;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface HttpTarget {
  readonly url: string;
  /** Who is meant to answer: a body that names another is a failed check. */
  readonly agentId: string;
  /** For all of it: name, connection, redirects and body. */
  readonly timeoutMs: number;
}

/** What is wrong with an answer that came. */
class WrongAnswer extends Error {}

/**
 * Asks a health URL. Whatever answers, or does not, becomes a result: it never rejects, reads no more than 64 kB, and
 * follows redirects on the same host and port only.
 */
export class HttpProbe {
  private readonly client = axios.create({
    httpAgent: new HttpAgent({ keepAlive: true }),
    httpsAgent: new HttpsAgent({ keepAlive: true }),
    // The machine's proxy settings are for other errands.
    proxy: false,
    maxRedirects: 0,
    responseType: 'stream',
    validateStatus: () => true,
    headers: { accept: 'application/json, */*', 'user-agent': 'agent-spawner' },
  });

  async check(target: HttpTarget): Promise<CheckResult> {
    const began = performance.now();
    const aborter = new AbortController();
    const timer = setTimeout(() => {
      aborter.abort();
    }, target.timeoutMs);
    let statusCode: number | null = null;
    const elapsed = () => Math.round((performance.now() - began) * 10) / 10;
    try {
      const response = await this.answerOf(target, aborter.signal);
      statusCode = response.status;
      const body = await bodyOf(response.data as Readable, aborter.signal);
      judge(response.status, body, target.agentId);
      return { ok: true, responseMs: elapsed(), statusCode, error: null, cause: null };
    } catch (error) {
      const fault = aborter.signal.aborted
        ? ({ cause: 'hung', error: `no answer within ${target.timeoutMs / 1_000} s` } as const)
        : faultOf(error, target.url);
      return { ok: false, responseMs: elapsed(), statusCode, ...fault, error: plain(fault.error) };
    } finally {
      clearTimeout(timer);
      aborter.abort();
    }
  }

  private async answerOf(target: HttpTarget, signal: AbortSignal): Promise<AxiosResponse> {
    let url = new URL(target.url);
    for (let hops = 0; ; hops += 1) {
      const response = await this.get(url, signal);
      const location: unknown = response.headers.location;
      if (!REDIRECTS.has(response.status) || typeof location !== 'string') return response;
      (response.data as Readable).destroy();
      const next = new URL(location, url);
      if (next.protocol !== url.protocol || next.host !== url.host)
        throw new WrongAnswer(`redirects elsewhere, to ${next.protocol}//${next.host}`);
      if (hops === MOST_REDIRECTS) throw new WrongAnswer(`redirects more than ${MOST_REDIRECTS} times`);
      url = next;
    }
  }

  /** A connection that was kept may have been closed by the other side a moment ago: that is no answer, so once more. */
  private async get(url: URL, signal: AbortSignal): Promise<AxiosResponse> {
    try {
      return await this.client.get(url.href, { signal });
    } catch (error) {
      const request = axios.isAxiosError(error) ? (error.request as { reusedSocket?: boolean } | undefined) : undefined;
      if (request?.reusedSocket !== true || signal.aborted) throw error;
      return this.client.get(url.href, { signal, httpAgent: new HttpAgent(), httpsAgent: new HttpsAgent() });
    }
  }
}

/** The body as far as it matters; null: it is larger than that. */
async function bodyOf(stream: Readable, signal: AbortSignal): Promise<string | null> {
  const end = () => {
    stream.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', end, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_BYTES) return null;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  } finally {
    signal.removeEventListener('abort', end);
    stream.destroy();
  }
}

/** @throws WrongAnswer */
function judge(status: number, body: string | null, agentId: string): void {
  if (status < 200 || status > 299) throw new WrongAnswer(`answered ${status}`);
  const named = body === null ? null : agentIdIn(body);
  if (named !== null && named !== agentId) throw new WrongAnswer(`another agent answers there: ${named}`);
}

function agentIdIn(body: string): string | null {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null) return null;
    const { agentId, agent_id: snake } = value as { readonly agentId?: unknown; readonly agent_id?: unknown };
    const named = agentId ?? snake;
    return typeof named === 'string' ? named : null;
  } catch {
    return null; // not JSON: it need not be
  }
}

function faultOf(error: unknown, url: string): { cause: NonNullable<CheckResult['cause']>; error: string } {
  if (error instanceof WrongAnswer) return { cause: 'unhealthy-response', error: error.message };
  const code = axios.isAxiosError(error) ? error.code : (error as NodeJS.ErrnoException | null)?.code;
  const host = hostOf(url);
  const cause = host !== null && isLoopback(host) ? 'unhealthy-response' : 'network';
  if (code === 'ECONNREFUSED') return { cause, error: 'refuses connections: nobody listens there' };
  if (code === 'ECONNRESET' || code === 'EPIPE') return { cause, error: 'closes the connection without an answer' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { cause: 'network', error: `there is no host ${host ?? 'of that name'}` };
  return { cause, error: `no HTTP answer: ${messageOf(error)}` };
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}

function plain(text: string): string {
  // eslint-disable-next-line no-control-regex -- what a stranger sends must not steer a terminal
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim();
  return line.length > ERROR_LENGTH ? `${line.slice(0, ERROR_LENGTH - 1)}…` : line;
}
