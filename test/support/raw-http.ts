import { connect } from 'node:net';

/** An answer as received over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names are in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export interface RawRequest {
  readonly method?: string;
  readonly target?: string;
  /** Header lines, sent unchanged. A correct Host is added unless they contain one. */
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly version?: string;
  /** True to send no Host header. */
  readonly noHost?: boolean;
}

const TIMEOUT_MS = 20_000;

/**
 * Sends raw bytes to a service and reads until it closes the connection.
 *
 * @returns every answer, in order
 */
export function exchange(url: string, bytes: string | Buffer): Promise<RawAnswer[]> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    const chunks: Buffer[] = [];
    const done = () => {
      resolve(answersIn(Buffer.concat(chunks).toString('latin1')));
    };
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(new Error(`no end of the answer: ${Buffer.concat(chunks).toString('latin1').slice(0, 300)}`));
    });
    socket.on('data', (chunk) => chunks.push(chunk));
    // A service that does not read the rest may reset the connection. The answers before that count.
    socket.on('error', done);
    socket.on('close', done);
    socket.write(bytes);
  });
}

/** Builds the bytes of a request, which may be invalid. */
export function bytesOf(url: string, request: RawRequest): Buffer {
  const { method = 'GET', target = '/', headers = [], version = 'HTTP/1.1' } = request;
  const body = Buffer.from(request.body ?? '');
  const has = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const lines = [
    `${method} ${target} ${version}`,
    ...(request.noHost === true || has('host') ? [] : [`Host: ${new URL(url).host}`]),
    ...(has('connection') ? [] : ['Connection: close']),
    ...(request.body === undefined || has('content-length') || has('transfer-encoding')
      ? []
      : [`Content-Length: ${body.length}`]),
    ...headers,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

/**
 * Sends one request on its own connection.
 *
 * @returns its answer; null if the connection was closed without one
 */
export async function rawRequest(url: string, request: RawRequest): Promise<RawAnswer | null> {
  return (await exchange(url, bytesOf(url, request)))[0] ?? null;
}

function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = [];
  for (let rest = text; rest.startsWith('HTTP/1.');) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const after = rest.slice(end + 4);
    const length = headers.get('content-length');
    const size = length === undefined ? sizeWithoutLength(after) : Number(length);
    answers.push({
      ...{ status: Number(first.split(' ')[1]), headers },
      body: Buffer.from(after.slice(0, size), 'latin1').toString('utf8'),
    });
    rest = after.slice(size);
  }
  return answers;
}

/** Returns the length up to the next answer. Chunked bodies are left encoded. */
function sizeWithoutLength(text: string): number {
  const next = text.indexOf('HTTP/1.1 ');
  return next < 0 ? text.length : next;
}
