import { errorCodeOf, messageOf, Problem, type Clock } from '../../kernel';
import { isSupportedVersion, REQUIRED_VERSION } from './daemon-version';
import { Pm2Home } from './pm2-home';
import { RpcClient } from './rpc-client';

const TIMEOUT_MS = 5_000;

/**
 * Reads the list of PM2's daemon, and nothing else: it starts no daemon, writes no file of PM2, and calls no method that
 * changes anything (docs/adr/0001). `pm2 jlist` would start a daemon.
 *
 * @returns the rows as PM2 sends them, with the environments of the programs; null if no daemon runs
 * @throws Problem `process-manager-unavailable` if the daemon does not answer or has another major version
 */
export async function readPm2List(pm2Home: string, clock: Clock): Promise<unknown> {
  let rpc: RpcClient;
  try {
    rpc = await RpcClient.connect(new Pm2Home(pm2Home).rpcSocket, { clock, timeoutMs: TIMEOUT_MS }, () => undefined);
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return null;
    throw unavailable(pm2Home, messageOf(error), error);
  }
  try {
    const version = String(await call(rpc, 'getVersion', pm2Home));
    if (!isSupportedVersion(version)) {
      throw new Problem(
        'process-manager-unavailable',
        `The PM2 daemon of ${pm2Home} is version ${version}, but agent-spawner can read version ${REQUIRED_VERSION}. Import the ecosystem file of the programs instead.`,
      );
    }
    return await call(rpc, 'getMonitorData', pm2Home);
  } finally {
    rpc.close();
  }
}

async function call(rpc: RpcClient, method: 'getVersion' | 'getMonitorData', pm2Home: string): Promise<unknown> {
  const answer = await rpc.call(method, {});
  if (answer.kind === 'answered') return answer.value;
  throw unavailable(pm2Home, answer.message);
}

function unavailable(pm2Home: string, why: string, cause?: unknown): Problem {
  return new Problem(
    'process-manager-unavailable',
    `PM2's daemon of ${pm2Home} does not answer: ${why}. Try again, or import an ecosystem file.`,
    { cause },
  );
}
