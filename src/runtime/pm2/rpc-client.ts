import axon from 'pm2/modules/pm2-axon';
import axonRpc from 'pm2/modules/pm2-axon-rpc';

/** The methods of PM2's daemon that we call, and no others (PM2-FACTS: some of the others kill it). */
export type RpcMethod = 'prepare' | 'stopProcessId' | 'deleteProcessId' | 'getMonitorData' | 'getVersion' | 'ping';

export type RpcAnswer =
  | { readonly kind: 'answered'; readonly value: unknown }
  /** PM2 itself said no. */
  | { readonly kind: 'refused'; readonly message: string }
  /** It was never sent. */
  | { readonly kind: 'not-sent'; readonly message: string }
  /** It was sent, and no answer came: it may have happened, or may happen later. */
  | { readonly kind: 'unknown'; readonly message: string };

/** What we need of a request socket of axon. */
interface RequestSocket {
  readonly queue: unknown[];
  readonly socks: readonly unknown[];
  close(): void;
}

/**
 * A connection to the daemon's RPC socket that never reconnects and never queues: PM2's public client would run a call
 * minutes after everybody had given it up (PM2-FACTS, 1). Every call ends by an answer, a timeout, or the closing.
 */
export class RpcClient {
  private readonly inFlight = new Set<(answer: RpcAnswer) => void>();
  private readonly client: {
    call(method: string, argument: unknown, answer: (error: Error | null, value?: unknown) => void): void;
  };
  private closed = false;

  private constructor(
    private readonly socket: RequestSocket,
    private readonly timeoutMs: number,
  ) {
    this.client = new axonRpc.Client(socket);
  }

  /**
   * @param onClose called once, when the connection is gone for whatever reason
   * @throws Error of the socket: ENOENT and ECONNREFUSED mean that no daemon listens
   */
  static connect(path: string, timeoutMs: number, onClose: () => void): Promise<RpcClient> {
    const socket = axon.socket('req');
    socket.set('retry timeout', 0);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.close();
        reject(new Error(`no connection to ${path} within ${timeoutMs} ms`));
      }, timeoutMs);
      const client = new RpcClient(socket, timeoutMs);
      socket.on('error', () => undefined); // told by `socket error`; without a listener it would end the process
      socket.on('socket error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.on('connect', () => {
        clearTimeout(timer);
        resolve(client);
      });
      socket.on('close', () => {
        if (client.wasClosed()) onClose();
      });
      socket.connect(path);
    });
  }

  get isOpen(): boolean {
    return !this.closed && this.socket.socks.length > 0;
  }

  call(method: RpcMethod, argument: unknown, timeoutMs = this.timeoutMs): Promise<RpcAnswer> {
    if (!this.isOpen) return Promise.resolve({ kind: 'not-sent', message: 'not connected to PM2' });
    return new Promise((resolve) => {
      const settle = (answer: RpcAnswer) => {
        clearTimeout(timer);
        this.inFlight.delete(settle);
        resolve(answer);
      };
      const timer = setTimeout(() => {
        settle({ kind: 'unknown', message: `PM2 did not answer ${method} within ${timeoutMs} ms` });
      }, timeoutMs);
      this.inFlight.add(settle);
      this.client.call(method, argument, (error, value) => {
        if (error === null) settle({ kind: 'answered', value });
        else settle({ kind: 'refused', message: error.message });
      });
    });
  }

  close(): void {
    this.socket.close();
  }

  /** @returns false when that was known already */
  private wasClosed(): boolean {
    if (this.closed) return false;
    this.closed = true;
    for (const settle of [...this.inFlight]) settle({ kind: 'unknown', message: 'the connection to PM2 closed' });
    this.socket.queue.length = 0;
    return true;
  }
}
