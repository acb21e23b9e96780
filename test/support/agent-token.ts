import { LinuxProcessInspector } from '../../src/processes';
import { until } from './until';

const inspector = new LinuxProcessInspector();

/** Waits for the token in the environment of an agent's process. It may be missing at the moment of the start. */
export function tokenOf(pid: number | null): Promise<string> {
  return until(() => inspector.environment(pid ?? 0)?.get('AGENT_TOKEN'), `process ${pid ?? 'none'} has its token`);
}
