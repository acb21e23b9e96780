import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import axios, { type AxiosResponse } from 'axios';
import { isLoopback, maskedLine, messageOf, type Clock } from '../../kernel';
import type { CheckResult } from '../check-result';
import { judgeAnswer, WrongAnswer, type Answer } from './http-answer';
import type { Probe, ProbeKind, ProbeTarget } from './probe';
import { isSameHost, locationOf, MAX_REDIRECTS, mayCarrySecrets, nextUrl } from './redirects';

const ERROR_LENGTH = 200;

export const HTTP: ProbeKind = { protocols: ['http:', 'https:'], make: (clock) => new HttpProbe(clock) };

/**
 * Probes a health URL. Every outcome becomes a result, so it never rejects. It reads at most 64 kB and follows
 * redirects on the same host only. Certificates are verified except on the loopback.
 */
export class HttpProbe implements Probe {
  private readonly client = axios.create({
    httpAgent: new HttpAgent({ keepAlive: true }),
    // Health checks must not go through the machine's proxy.
    proxy: false,
    maxRedirects: 0,
    responseType: 'stream',
    validateStatus: () => true,
    headers: { accept: 'application/json, */*', 'user-agent': 'agent-spawner' },
  });
  private readonly verifying = new HttpsAgent({ keepAlive: true, rejectUnauthorized: true });
  private readonly trusting = new HttpsAgent({ keepAlive: true, rejectUnauthorized: false });

  /**
   * @param clock runs the timeout. After a suspend, an answer already in the socket is read before the timeout fires.
   */
  constructor(private readonly clock: Clock) {}

  async check(target: ProbeTarget): Promise<CheckResult> {
    const began = this.clock.now();
    const aborter = new AbortController();
    const limit = this.clock.after(target.timeoutMs, () => {
      aborter.abort();
    });
    const shown = (text: string) => maskedLine(text, target.secrets(), ERROR_LENGTH);
    let statusCode: number | null = null;
    const measured = () => ({ responseMs: Math.max(0, this.clock.now() - began), statusCode });
    try {
      const answer = await this.request(target, aborter.signal);
      statusCode = answer.response.status;
      const result = await judgeAnswer(answer, target, aborter.signal);
      const remark = result.remark === undefined ? {} : { remark: shown(result.remark) };
      return { ...measured(), ...result, ...remark };
    } catch (error) {
      const fault = aborter.signal.aborted
        ? ({ cause: 'hung', error: `no answer within ${target.timeoutMs / 1_000} s` } as const)
        : faultOf(error, target.url);
      return { ok: false, ...measured(), ...fault, error: shown(fault.error) };
    } finally {
      limit.cancel();
      aborter.abort();
    }
  }

  /** Sends the request, and follows redirects on the same host. @throws WrongAnswer for an invalid redirect */
  private async request(target: ProbeTarget, signal: AbortSignal): Promise<Answer> {
    const first = new URL(target.url);
    let url = first;
    for (let hops = 0; ; hops += 1) {
      const response = await this.get(url, mayCarrySecrets(first, url) ? target.headers : {}, signal);
      const location = locationOf(response.status, response.headers);
      if (location === null) return { response, elsewhere: null };
      (response.data as Readable).destroy();
      const next = nextUrl(location, url);
      if (typeof next === 'string') throw new WrongAnswer(next);
      if (!isSameHost(first, next)) return { response, elsewhere: next };
      if (hops === MAX_REDIRECTS) throw new WrongAnswer(`redirects more than ${MAX_REDIRECTS} times`);
      url = next;
    }
  }

  /**
   * Sends a GET. Retries once on a new connection if a kept-alive one failed: the agent may just have closed it, which
   * says nothing about its health.
   */
  private async get(url: URL, headers: ProbeTarget['headers'], signal: AbortSignal): Promise<AxiosResponse> {
    const httpsAgent = isLoopback(url.hostname) ? this.trusting : this.verifying;
    const request = { headers: { ...headers }, signal };
    try {
      return await this.client.get(url.href, { ...request, httpsAgent });
    } catch (error) {
      const sent = axios.isAxiosError(error) ? (error.request as { reusedSocket?: boolean } | undefined) : undefined;
      if (sent?.reusedSocket !== true || signal.aborted) throw error;
      const { rejectUnauthorized } = httpsAgent.options;
      const unused = { httpAgent: new HttpAgent(), httpsAgent: new HttpsAgent({ rejectUnauthorized }) };
      return this.client.get(url.href, { ...request, ...unused });
    }
  }
}

function faultOf(error: unknown, url: string): { cause: NonNullable<CheckResult['cause']>; error: string } {
  if (error instanceof WrongAnswer) return { cause: 'unhealthy-response', error: error.message };
  const code = axios.isAxiosError(error) ? error.code : (error as NodeJS.ErrnoException | null)?.code;
  const host = hostOf(url);
  const cause = host !== null && isLoopback(host) ? 'unhealthy-response' : 'network';
  if (code === 'ECONNREFUSED') return { cause, error: 'refuses connections: no program listens there' };
  if (code === 'ECONNRESET' || code === 'EPIPE') return { cause, error: 'closes the connection without an answer' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return { cause: 'network', error: `the host name ${host ?? ''} does not resolve` };
  return { cause, error: `no HTTP answer: ${messageOf(error)}` };
}

function hostOf(url: string): string | null {
  return URL.canParse(url) ? new URL(url).hostname : null;
}
