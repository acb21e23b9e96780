import { Problem } from '../kernel';
import { LinuxProcessInspector } from './linux-process-inspector';
import { MacProcessInspector } from './mac-process-inspector';
import type { ProcessInspector } from './process-inspector';

/** @throws Problem `invalid-request` on a system whose process table cannot be read */
export function inspectorForThisMachine(platform: NodeJS.Platform = process.platform): ProcessInspector {
  if (platform === 'linux') return new LinuxProcessInspector();
  if (platform === 'darwin') return new MacProcessInspector();
  throw new Problem('invalid-request', `agent-spawner runs on Linux and macOS; this is ${platform}.`);
}
