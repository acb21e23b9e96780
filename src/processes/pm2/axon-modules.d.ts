/** Types of the used part of PM2's RPC modules, which ship inside the PM2 package without types. */
declare module 'pm2/modules/pm2-axon' {
  interface AxonSocket {
    readonly connected?: boolean;
    readonly socks: readonly unknown[];
    readonly queue: unknown[];
    set(name: 'retry timeout', value: number): this;
    connect(path: string): this;
    close(): void;
    on(event: 'close' | 'connect', listener: () => void): this;
    on(event: 'socket error' | 'error', listener: (error: Error) => void): this;
  }
  interface AxonSubscription {
    /** Underlying socket, which emits the connection events. */
    readonly sock: AxonSocket;
    connect(path: string): unknown;
    close(): void;
    on(topic: string, listener: (...packet: unknown[]) => void): this;
  }
  const axon: {
    socket(type: 'req'): AxonSocket;
    socket(type: 'sub-emitter'): AxonSubscription;
  };
  export = axon;
}

declare module 'pm2/modules/pm2-axon-rpc' {
  interface RpcClient {
    call(method: string, argument: unknown, answer: (error: Error | null, value?: unknown) => void): void;
  }
  const rpc: { Client: new (socket: unknown) => RpcClient };
  export = rpc;
}
