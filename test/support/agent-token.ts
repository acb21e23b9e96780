import { LinuxProcessInspector } from '../../src/runtime';
import { until } from './until';

const inspector = new LinuxProcessInspector();

/** The token that a process of an agent was given; it may not have it yet in the moment of its start. */
export function tokenOf(pid: number | null): Promise<string> {
  return until(() => inspector.environment(pid ?? 0)?.get('AGENT_TOKEN'), `process ${pid ?? 'none'} has its token`);
}
