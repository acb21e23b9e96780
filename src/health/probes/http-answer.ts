import type { Readable } from 'node:stream';
import type { AxiosResponse } from 'axios';
import type { CheckResult } from '../check-result';
import type { ProbeTarget } from './probe';

const BODY_BYTES = 65_536;

/** Final answer after redirects. `elsewhere` is set if it redirects to another host, which is not probed. */
export interface Answer {
  readonly response: AxiosResponse;
  readonly elsewhere: URL | null;
}

/** Says what is wrong with an answer that was received. */
export class WrongAnswer extends Error {}

type AnswerResult = Omit<CheckResult, 'responseMs' | 'statusCode'>;

/**
 * Judges an answer. Reads at most 64 kB of its body.
 *
 * @throws WrongAnswer if the answer is that of an unhealthy agent
 */
export async function judgeAnswer(answer: Answer, target: ProbeTarget, signal: AbortSignal): Promise<AnswerResult> {
  const { response, elsewhere } = answer;
  const good = { ok: true, error: null, cause: null };
  if (elsewhere !== null) {
    const { protocol, host } = elsewhere;
    return { ...good, remark: `it redirects to ${protocol}//${host}, another host, which is not probed` };
  }
  const { status } = response;
  const advice = adviceFor(status, target.isAnnounced);
  if (advice !== null) {
    (response.data as Readable).destroy();
    const misconfigured = { advice, setup: target.setup };
    return { ok: false, error: `answered ${status}`, cause: null, misconfigured };
  }
  const body = await readBody(response.data as Readable, signal);
  if (status < 200 || status > 299) throw new WrongAnswer(`answered ${status}`);
  const named = body === null ? null : agentIdIn(body);
  if (named !== null && named !== target.agentId) throw new WrongAnswer(`another agent answers there: ${named}`);
  return good;
}

const HEADERS =
  'healthHeaders of its definition to what the endpoint expects, for instance {"Authorization": "Bearer ..."}';
const NO_GET = 'to an address that answers GET';

/**
 * Advice by HTTP status. Each of these statuses means that the check is set up wrongly, and says nothing about the
 * agent.
 */
const ADVICE: Readonly<Record<number, (url: string) => string>> = {
  401: (url) => `Its health endpoint requires credentials: set ${HEADERS}, or ${url} to an address that requires none.`,
  403: (url) =>
    `Its health endpoint refuses these credentials: set ${HEADERS}, or ${url} to an address that requires none.`,
  404: (url) => `This address has no health endpoint: set ${url} to the address of the endpoint.`,
  405: (url) => `Its health endpoint does not allow GET: set ${url} ${NO_GET}.`,
  501: (url) => `Its health endpoint does not implement GET: set ${url} ${NO_GET}.`,
};

/**
 * Returns advice for the operator if the status means that the check is set up wrongly; null for any other status.
 *
 * @param isAnnounced true if the agent's heartbeat announced the address, which takes precedence over the definition
 */
function adviceFor(status: number, isAnnounced: boolean): string | null {
  const advice = ADVICE[status];
  const url = isAnnounced ? 'the healthUrl that its heartbeat announces' : 'healthUrl of its definition';
  return advice === undefined ? null : advice(url);
}

/** Reads the body; null if it is larger than `BODY_BYTES`. */
async function readBody(stream: Readable, signal: AbortSignal): Promise<string | null> {
  const onAbort = () => {
    stream.destroy(new Error('aborted'));
  };
  signal.addEventListener('abort', onAbort, { once: true });
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
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

function agentIdIn(body: string): string | null {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null) return null;
    const { agentId, agent_id: snake } = value as { readonly agentId?: unknown; readonly agent_id?: unknown };
    const named = agentId ?? snake;
    return typeof named === 'string' ? named : null;
  } catch {
    return null; // The body need not be JSON.
  }
}
