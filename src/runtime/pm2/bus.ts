import axon from 'pm2/modules/pm2-axon';

/** The topics we listen to. Log lines of agents reach us too, whatever we ask for, and are dropped unread. */
const TOPICS = ['process:event', 'log:PM2', 'pm2:kill'] as const;
export type BusTopic = (typeof TOPICS)[number];

/** A subscription to the daemon's events that never reconnects by itself: what was missed needs a list. */
export class Bus {
  private constructor(private readonly subscription: { close(): void }) {}

  /** @throws Error of the socket */
  static connect(
    path: string,
    timeoutMs: number,
    heard: (topic: BusTopic, packet: unknown) => void,
    onClose: () => void,
  ): Promise<Bus> {
    const subscription = axon.socket('sub-emitter');
    const { sock } = subscription;
    sock.set('retry timeout', 0);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        subscription.close();
        reject(new Error(`no connection to ${path} within ${timeoutMs} ms`));
      }, timeoutMs);
      sock.on('error', () => undefined);
      sock.on('socket error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      sock.on('close', onClose);
      sock.on('connect', () => {
        clearTimeout(timer);
        resolve(new Bus(subscription));
      });
      for (const topic of TOPICS) {
        subscription.on(topic, (packet) => {
          heard(topic, packet);
        });
      }
      subscription.connect(path);
    });
  }

  close(): void {
    this.subscription.close();
  }
}
