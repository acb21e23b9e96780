import { randomBytes } from 'node:crypto';
import path from 'node:path';
import axon from 'pm2/modules/pm2-axon';
import { RpcClient, type RpcAnswer, type RpcMethod } from '../../src/runtime/pm2/rpc-client';
import { startDaemon } from '../../src/runtime/pm2/daemon';
import { preparation, type ReplacedEntry } from '../../src/runtime/pm2/preparation';
import type { LaunchPlan } from '../../src/runtime';
import { makeTestHome, type TestHome } from './pm2-home';

/** A packet of PM2's bus, as it came. */
export interface Packet {
  readonly topic: string;
  readonly body: unknown;
}

export interface RawEntry {
  readonly name: string;
  readonly pm_id: number;
  readonly pid: number | undefined;
  readonly pm2_env: Readonly<Record<string, unknown>>;
  readonly monit: { readonly memory: number; readonly cpu: number };
}

/** PM2's daemon as it is, without our adapter: for the tests of what we rely on. */
export interface RawPm2 {
  readonly home: TestHome;
  readonly rpc: RpcClient;
  /** Everything that the bus said so far. */
  readonly packets: Packet[];
  plan(name: string, program: string, env?: Readonly<Record<string, string>>): LaunchPlan;
  prepare(plan: LaunchPlan, replaced?: ReplacedEntry | null): Promise<RpcAnswer>;
  call(method: RpcMethod, argument: unknown, timeoutMs?: number): Promise<unknown>;
  list(): Promise<RawEntry[]>;
  connectAnew(): Promise<void>;
  destroy(): Promise<void>;
}

export async function makeRawPm2(): Promise<RawPm2> {
  const home = makeTestHome();
  await startDaemon(home.pm2Home);
  const packets: Packet[] = [];
  const connect = () => RpcClient.connect(path.join(home.pm2Home, 'rpc.sock'), 3_000, () => undefined);
  let rpc = await connect();
  let bus = await listen(home, packets);
  const call = async (method: RpcMethod, argument: unknown, timeoutMs?: number) => {
    const answer = await rpc.call(method, argument, timeoutMs);
    if (answer.kind !== 'answered') throw new Error(`${method}: ${answer.kind}: ${answer.message}`);
    return answer.value;
  };
  return {
    home,
    get rpc() {
      return rpc;
    },
    packets,
    plan: (name, program, env = {}) => ({
      ...{ agentId: name, runId: randomBytes(8).toString('hex'), program, args: [], cwd: home.agentsDir },
      env: { PATH: process.env.PATH ?? '', TEST_ROOT: path.join(home.root, 'x'), ...env },
      killTimeoutMs: 1_000,
    }),
    prepare: (plan, replaced = null) => rpc.call('prepare', preparation(plan, home.pm2Home, replaced, Date.now())),
    call,
    list: async () => (await call('getMonitorData', {})) as RawEntry[],
    connectAnew: async () => {
      rpc.close();
      bus.close();
      await startDaemon(home.pm2Home);
      rpc = await connect();
      bus = await listen(home, packets);
    },
    destroy: async () => {
      rpc.close();
      bus.close();
      await home.destroy();
    },
  };
}

function listen(home: TestHome, packets: Packet[]): Promise<{ close(): void }> {
  const subscription = axon.socket('sub-emitter');
  subscription.sock.set('retry timeout', 0);
  subscription.sock.on('error', () => undefined);
  for (const topic of ['process:event', 'log:PM2', 'pm2:kill']) {
    subscription.on(topic, (body) => packets.push({ topic, body }));
  }
  return new Promise((resolve, reject) => {
    subscription.sock.on('socket error', reject);
    subscription.sock.on('connect', () => {
      resolve(subscription);
    });
    subscription.connect(path.join(home.pm2Home, 'pub.sock'));
  });
}
