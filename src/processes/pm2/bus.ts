import axon from 'pm2/modules/pm2-axon';
import type { TimeLimit } from './rpc-client';

/** Topics that the supervisor listens to. PM2 also sends the log lines of agents; they are dropped unread. */
const TOPICS = ['process:event', 'log:PM2', 'pm2:kill'] as const;
export type BusTopic = (typeof TOPICS)[number];

/**
 * A subscription to the daemon's events. It never reconnects by itself, because a list is needed to recover missed
 * events.
 */
export class Bus {
  private constructor(private readonly subscription: { close(): void }) {}

  /** @throws Error of the socket */
  static connect(
    path: string,
    { clock, timeoutMs }: TimeLimit,
    onPacket: (topic: BusTopic, packet: unknown) => void,
    onClose: () => void,
  ): Promise<Bus> {
    const subscription = axon.socket('sub-emitter');
    const { sock } = subscription;
    sock.set('retry timeout', 0);
    return new Promise((resolve, reject) => {
      const timer = clock.after(timeoutMs, () => {
        subscription.close();
        reject(new Error(`no connection to ${path} within ${timeoutMs} ms`));
      });
      sock.on('error', () => undefined);
      sock.on('socket error', (error) => {
        timer.cancel();
        reject(error);
      });
      sock.on('close', onClose);
      sock.on('connect', () => {
        timer.cancel();
        resolve(new Bus(subscription));
      });
      for (const topic of TOPICS) {
        subscription.on(topic, (packet) => {
          onPacket(topic, packet);
        });
      }
      subscription.connect(path);
    });
  }

  close(): void {
    this.subscription.close();
  }
}
