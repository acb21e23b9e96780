import type { ProcessManagerSignal } from '../../src/processes/process-manager-signal';
import type { BusTopic } from '../../src/processes/pm2/bus';
import { EventDecoder } from '../../src/processes/pm2/event-decoder';

export const DAEMON = { pid: 99, startTime: 1 };

const RUN = '0f8fad5b-d9cb-469f-a165-70867728950e';

export const verify = (token: string) => (token === 'secret-token' ? { agentId: 'a', runId: RUN } : null);

/** PM2's record of a process as it appears in a packet, with the agent's environment at top level. */
export const record = (changes: object = {}) => ({
  name: 'a',
  namespace: 'agents',
  pm_id: 3,
  status: 'stopped',
  pm_uptime: 1_000,
  unique_id: 'u1',
  exit_code: 0,
  restart_time: 0,
  AGENT_RUN_ID: 'not-proven',
  AGENT_TOKEN: 'secret-token',
  OPENAI_API_KEY: 'secret-key',
  ...changes,
});

export type Packet = readonly [BusTopic, unknown];

export const event = (name: string, process: object = record(), more: object = {}): Packet => [
  'process:event',
  { event: name, manually: false, at: 5_000, process, ...more },
];

export const manually = (name: string, process: object = record()) => event(name, process, { manually: true });

export const line = (text: string): Packet => ['log:PM2', { at: 1, data: text, process: { pm_id: 'PM2' } }];

export const exitLine = (code: number, signal: string, entry = 'a:3') =>
  line(`App [${entry}] exited with code [${code}] via signal [${signal}]\n`);

export function signalsOf(...packets: readonly Packet[]): ProcessManagerSignal[] {
  const decoder = new EventDecoder(DAEMON, verify);
  return packets.flatMap(([topic, packet]) => decoder.decode(topic, packet) ?? []);
}

export const exited = (changes: object = {}) => ({
  kind: 'exited',
  agentId: 'a',
  runId: RUN,
  upSince: 1_000,
  exitCode: 0,
  signal: null,
  ordered: false,
  ...changes,
});

export const stopped = { kind: 'operator-stopped', agentId: 'a', upSince: 1_000, at: 5_000 };

export const online = { kind: 'came-online', agentId: 'a', uniqueId: 'u1', upSince: 1_000 };

export const started = { kind: 'operator-started', agentId: 'a', upSince: 1_000 };

export const stopping = record({ status: 'stopping' });

export const ended = record({ status: 'stopped' });
