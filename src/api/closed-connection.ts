import type { ServerResponse } from 'node:http';
import { Problem } from '../kernel';

/**
 * Returns a signal that aborts when the connection of a request closes. It also aborts, without effect, once the answer
 * is sent. The reason is a problem, so that work that ends by it is not logged as an unexpected error.
 */
export function closedSignal(response: Pick<ServerResponse, 'once' | 'destroyed'>): AbortSignal {
  const closed = new AbortController();
  const abort = () => {
    closed.abort(new Problem('wait-timeout', 'The caller closed the connection. Nothing waits for the answer.'));
  };
  if (response.destroyed) abort();
  else response.once('close', abort);
  return closed.signal;
}
