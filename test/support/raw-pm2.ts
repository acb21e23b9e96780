import { randomBytes } from 'node:crypto';
import path from 'node:path';
import axon from 'pm2/modules/pm2-axon';
import { SystemClock } from '../../src/config';
import { RpcClient, type RpcAnswer, type RpcMethod } from '../../src/processes/pm2/rpc-client';
import { DaemonStarter } from '../../src/processes/pm2/daemon-starter';
import { buildPrepareRequest, type ReplacedEntry } from '../../src/processes/pm2/pm2-launcher';
import type { LaunchPlan } from '../../src/processes';
import { makeTestHome, type TestHome } from './pm2-home';

const LIMIT = { clock: new SystemClock(), timeoutMs: 3_000 };

/** A packet of PM2's bus as received. */
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

/** PM2's daemon without the adapter, for tests of the behaviour that the adapter relies on. */
export interface RawPm2 {
  readonly home: TestHome;
  readonly rpc: RpcClient;
  /** Every packet received so far. */
  readonly packets: Packet[];
  plan(name: string, program: string, env?: Readonly<Record<string, string>>): LaunchPlan;
  prepare(plan: LaunchPlan, replaced?: ReplacedEntry | null): Promise<RpcAnswer>;
  call(method: RpcMethod, argument: unknown, timeoutMs?: number): Promise<unknown>;
  list(): Promise<RawEntry[]>;
  reconnect(): Promise<void>;
  destroy(): Promise<void>;
}

/** Starts a daemon as the service does. */
export function startDaemon(home: string, findAnsweringPid?: () => Promise<number | null>): Promise<void> {
  return new DaemonStarter({
    home,
    clock: new SystemClock(),
    ...(findAnsweringPid === undefined ? {} : { findAnsweringPid }),
  }).start();
}

/** @param start starts the daemon; by default as the service does */
export async function makeRawPm2(
  start: (home: TestHome) => Promise<unknown> = ({ pm2Home }) => startDaemon(pm2Home),
): Promise<RawPm2> {
  const home = makeTestHome();
  await start(home);
  const packets: Packet[] = [];
  const connect = () => RpcClient.connect(path.join(home.pm2Home, 'rpc.sock'), LIMIT, () => undefined);
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
      ...{
        agentId: name,
        runId: randomBytes(8).toString('hex'),
        program,
        args: [],
        cwd: home.agentsDir,
      },
      env: { PATH: process.env.PATH ?? '', TEST_ROOT: path.join(home.root, 'x'), ...env },
      killTimeoutMs: 1_000,
    }),
    prepare: (plan, replaced = null) =>
      rpc.call('prepare', buildPrepareRequest(plan, home.pm2Home, replaced, Date.now())),
    call,
    list: async () => (await call('getMonitorData', {})) as RawEntry[],
    reconnect: async () => {
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
  for (const topic of ['process:event', 'log:PM2', 'log:out', 'log:err', 'process:msg', 'pm2:kill']) {
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
