import { startTimeLimit, type Clock } from '../../kernel';
import type { Listener, PortHolder, PortHolders } from './port-holders';

/** Finds the process that listens on a port. Stops and rejects soon after the signal aborts. */
export type FindListener = (port: number, signal: AbortSignal) => Promise<Listener | null>;

/** Asks the operating system for the holders of ports, with a time limit. */
export class SystemPortHolders implements PortHolders {
  constructor(
    private readonly find: FindListener,
    private readonly agentOf: (pid: number) => string | null,
    private readonly clock: Pick<Clock, 'after'>,
  ) {}

  async holderOf(port: number, limitMs: number): Promise<PortHolder | null> {
    const limit = startTimeLimit(this.clock, limitMs);
    try {
      // The kernel may block a read of a stuck process, which no signal aborts.
      return await Promise.race([this.read(port, limit.signal), waitForAbort(limit.signal)]);
    } catch {
      return null;
    } finally {
      limit.cancel();
    }
  }

  private async read(port: number, signal: AbortSignal): Promise<PortHolder | null> {
    const listener = await this.find(port, signal);
    return listener === null ? null : { ...listener, agentId: this.readAgent(listener.pid) };
  }

  private readAgent(pid: number): string | null {
    try {
      return this.agentOf(pid);
    } catch {
      return null; // the process table cannot be read; the pid and the program are still worth reporting
    }
  }
}

function waitForAbort(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(null);
    });
  });
}
