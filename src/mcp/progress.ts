import type { ServerContext } from '@modelcontextprotocol/server';

/** Tells the client what an operation is doing now. The line contains no text of an agent. */
export type ReportProgress = (line: string) => void;

const IGNORE: ReportProgress = () => undefined;

/**
 * Returns the function that sends progress over the response of this request. It sends nothing if the client did not
 * ask for progress, or is gone.
 */
export function progressOf({ mcpReq }: ServerContext): ReportProgress {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return IGNORE;
  let progress = 0;
  return (message) => {
    progress += 1;
    const params = { progressToken, progress, message };
    // A client that is gone misses it, and the operation goes on.
    mcpReq.notify({ method: 'notifications/progress', params }).catch(IGNORE);
  };
}
