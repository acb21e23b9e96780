import axon from 'pm2/modules/pm2-axon';
import axonRpc from 'pm2/modules/pm2-axon-rpc';
import type { Clock } from '../../kernel';

/** Methods of PM2's daemon that may be called. Some of the others kill the daemon (PM2-FACTS). */
export type RpcMethod = 'prepare' | 'stopProcessId' | 'deleteProcessId' | 'getMonitorData' | 'getVersion' | 'ping';

export type RpcAnswer =
  | { readonly kind: 'answered'; readonly value: unknown }
  /** PM2 answered with an error. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The call was never sent. */
  | { readonly kind: 'not-sent'; readonly message: string }
  /** The call was sent and got no answer: it may have been executed, or may still be. */
  | { readonly kind: 'unknown'; readonly message: string };

/**
 * Time limit of a call. `Clock.after` runs it, so that after a suspend an answer already in the socket is read before
 * the limit fires.
 */
export interface TimeLimit {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/** The used part of axon's request socket. */
interface RequestSocket {
  readonly queue: unknown[];
  readonly socks: readonly unknown[];
  close(): void;
}

/**
 * A connection to the daemon's RPC socket that never reconnects and never queues. PM2's public client may execute a
 * call minutes after its caller gave up (PM2-FACTS, 1). Every call settles with an answer, a timeout, or the closing of
 * the connection.
 */
export class RpcClient {
  private readonly inFlight = new Set<(answer: RpcAnswer) => void>();
  private readonly client: {
    call(method: string, argument: unknown, answer: (error: Error | null, value?: unknown) => void): void;
  };
  private closed = false;

  private constructor(
    private readonly socket: RequestSocket,
    private readonly limit: TimeLimit,
  ) {
    this.client = new axonRpc.Client(socket);
  }

  /**
   * @param onClose called once when the connection is gone, for any reason
   * @throws Error of the socket: ENOENT and ECONNREFUSED mean that no daemon listens
   */
  static connect(path: string, limit: TimeLimit, onClose: () => void): Promise<RpcClient> {
    const { clock, timeoutMs } = limit;
    const socket = axon.socket('req');
    socket.set('retry timeout', 0);
    return new Promise((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        socket.close();
        reject(new Error(`no connection to ${path} within ${timeoutMs} ms`));
      });
      const client = new RpcClient(socket, limit);
      socket.on('error', () => undefined); // reported by `socket error`; without a listener the process would crash
      socket.on('socket error', (error) => {
        timer.cancel();
        reject(error);
      });
      socket.on('connect', () => {
        timer.cancel();
        resolve(client);
      });
      socket.on('close', () => {
        if (client.settleAll()) onClose();
      });
      socket.connect(path);
    });
  }

  get isOpen(): boolean {
    return !this.closed && this.socket.socks.length > 0;
  }

  call(method: RpcMethod, argument: unknown, timeoutMs = this.limit.timeoutMs): Promise<RpcAnswer> {
    if (!this.isOpen) return Promise.resolve({ kind: 'not-sent', message: 'not connected to PM2' });
    return new Promise((resolve) => {
      const settle = (answer: RpcAnswer) => {
        timer.cancel();
        this.inFlight.delete(settle);
        resolve(answer);
      };
      const timer = this.limit.clock.after(timeoutMs, () => {
        settle({ kind: 'unknown', message: `PM2 did not answer ${method} within ${timeoutMs} ms` });
      });
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

  /** Settles all calls after the socket closed. @returns false if that was done before */
  private settleAll(): boolean {
    if (this.closed) return false;
    this.closed = true;
    for (const settle of [...this.inFlight]) settle({ kind: 'unknown', message: 'the connection to PM2 closed' });
    this.socket.queue.length = 0;
    return true;
  }
}
