import { lookup } from 'node:dns';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import axios, { type AxiosResponse } from 'axios';
import { OwnAddress } from '../config';
import { isSameHost, locationOf, MAX_REDIRECTS, nextUrl } from '../health';
import { CLOCK, errorCodeOf, isLoopback, messageOf, plainLine, type Clock } from '../kernel';
import { CardFault } from './agent-card';
import { refusalOf } from './refused-address';

const TIMEOUT_MS = 5_000;
const MAX_BYTES = 262_144;
const ERROR_LENGTH = 200;

/**
 * Fetches agent cards. One fetch takes at most 5 s and 256 kB, follows redirects on the same host only, and sends no
 * credentials. Each address is checked when it is connected to, so that no host name can lead elsewhere later.
 */
@Injectable()
export class CardFetcher {
  constructor(
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly own: OwnAddress,
  ) {}

  /** Returns the JSON that the URL answers. @throws CardFault that says what failed */
  async fetch(url: URL): Promise<unknown> {
    const aborter = new AbortController();
    const limit = this.clock.after(TIMEOUT_MS, () => {
      aborter.abort();
    });
    try {
      return parse(await readBody(await this.request(url, aborter.signal), aborter.signal));
    } catch (error) {
      if (aborter.signal.aborted) throw new CardFault(`gave no complete answer within ${TIMEOUT_MS / 1_000} s`);
      throw error instanceof CardFault ? error : new CardFault(describe(error));
    } finally {
      limit.cancel();
      aborter.abort();
    }
  }

  private async request(first: URL, signal: AbortSignal): Promise<Readable> {
    let url = first;
    for (let hops = 0; ; hops += 1) {
      const { status, headers, data } = await this.get(url, signal);
      const location = locationOf(status, headers);
      if (location === null && status === 200) return data;
      data.destroy();
      if (location === null) throw new CardFault(`answered ${status} at ${plainLine(url.pathname, ERROR_LENGTH)}`);
      const next = nextUrl(location, url);
      if (typeof next === 'string') throw new CardFault(next);
      if (!isSameHost(first, next)) throw new CardFault('redirects to another host, which is not followed');
      if (hops === MAX_REDIRECTS) throw new CardFault(`redirects more than ${MAX_REDIRECTS} times`);
      url = next;
    }
  }

  private get(url: URL, signal: AbortSignal): Promise<AxiosResponse<Readable>> {
    const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
    const refuse = (address: string) => refusalOf(address, port, this.ownPlace());
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const refusal = isIP(host) === 0 ? null : refuse(host);
    if (refusal !== null) throw new CardFault(refusal);
    const checked = { lookup: checkedLookup(refuse) };
    return axios.get<Readable>(url.href, {
      signal,
      httpAgent: new HttpAgent(checked),
      httpsAgent: new HttpsAgent({ ...checked, rejectUnauthorized: !isLoopback(url.hostname) }),
      // The proxy would resolve the host itself, without these checks.
      proxy: false,
      maxRedirects: 0,
      responseType: 'stream',
      validateStatus: () => true,
      headers: { accept: 'application/json', 'user-agent': 'agent-spawner' },
    });
  }

  private ownPlace() {
    const addresses = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address));
    return { port: this.own.port, addresses };
  }
}

/** Resolves a host name, and fails if any of its addresses is refused. */
function checkedLookup(refuse: (address: string) => string | null): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      // After an error there are no addresses, although the type says so.
      const found = error === null ? addresses : [];
      const refusal = found.map(({ address }) => refuse(address)).find((each) => each !== null) ?? null;
      const fault = error ?? (refusal === null ? null : new CardFault(refusal));
      const [first] = found;
      if (fault !== null || first === undefined) callback(fault ?? new CardFault('has no address'), '', 0);
      else if (options.all === true) callback(null, found);
      else callback(null, first.address, first.family);
    });
  };
}

async function readBody(stream: Readable, signal: AbortSignal): Promise<Buffer> {
  const onAbort = () => {
    stream.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Counted after decompression, so that a small answer cannot expand without limit.
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new CardFault(`answered more than ${MAX_BYTES / 1_024} kB`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    // The parser's message quotes the answer.
    throw new CardFault('is not an agent card: it is not JSON in UTF-8');
  }
}

function describe(error: unknown): string {
  const code = errorCodeOf(error);
  if (code === 'ECONNREFUSED') return 'is unreachable: no program listens there';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'is unreachable: the host name does not resolve';
  const cause = axios.isAxiosError(error) && error.cause instanceof CardFault ? error.cause : null;
  return cause === null ? `is unreachable: ${plainLine(messageOf(error), ERROR_LENGTH)}` : cause.message;
}
