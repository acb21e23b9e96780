import type { Response } from 'express';
import { Problem } from '../kernel';

/** Returns a signal that aborts if the caller disconnects before it has the answer. */
export function signalOf(response: Response): AbortSignal {
  const disconnect = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) disconnect.abort(disconnected());
  });
  return disconnect.signal;
}

function disconnected(): Problem {
  return new Problem('operation-in-progress', 'The caller disconnected before the answer. Send the request again.');
}
