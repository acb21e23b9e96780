import { Module } from '@nestjs/common';
import { CLOCK, Problem, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { Pm2ProcessManager } from './pm2/pm2-process-manager';
import { findListenerInProc } from './port-holder/linux-listener';
import { findListenerByLsof } from './port-holder/mac-listener';
import { PORT_HOLDERS, type PortHolders } from './port-holder/port-holders';
import { SystemPortHolders } from './port-holder/system-port-holders';
import { LinuxProcessInspector } from './process-table/linux-process-inspector';
import { MacProcessInspector } from './process-table/mac-process-inspector';
import { PROCESS_INSPECTOR, type ProcessInspector } from './process-table/process-inspector';
import { markOf } from './process-table/process-tree';
import { PROCESS_MANAGER } from './process-manager';
import { readSigningKey } from './launch/signing-key';

/** Nest injection token of the key that signs the agents' tokens. */
export const SIGNING_KEY = Symbol('SigningKey');

@Module({
  providers: [
    { provide: PROCESS_INSPECTOR, useFactory: () => createProcessInspector() },
    {
      provide: SIGNING_KEY,
      inject: [SETTINGS],
      useFactory: (settings: ResolvedSettings) => readSigningKey(settings.dataDir),
    },
    {
      provide: PROCESS_MANAGER,
      inject: [SETTINGS, CLOCK, PROCESS_INSPECTOR, SIGNING_KEY],
      useFactory: (settings: ResolvedSettings, clock: Clock, inspector: ProcessInspector, key: Buffer) =>
        new Pm2ProcessManager({ pm2Home: settings.pm2Home, clock, inspector, key }),
    },
    {
      provide: PORT_HOLDERS,
      inject: [CLOCK, PROCESS_INSPECTOR, SIGNING_KEY],
      useFactory: (clock: Clock, inspector: ProcessInspector, key: Buffer) =>
        createPortHolders(clock, (pid) => markOf(pid, inspector, key)?.agentId ?? null),
    },
  ],
  exports: [PORT_HOLDERS, PROCESS_INSPECTOR, PROCESS_MANAGER, SIGNING_KEY],
})
export class ProcessesModule {}

/**
 * Creates the inspector of the system that the supervisor runs on.
 *
 * @throws Problem `invalid-request` on a system whose process table cannot be read
 */
export function createProcessInspector(platform: NodeJS.Platform = process.platform): ProcessInspector {
  if (platform === 'linux') return new LinuxProcessInspector();
  if (platform === 'darwin') return new MacProcessInspector();
  throw new Problem('invalid-request', `agent-spawner runs on Linux and macOS; this system is ${platform}.`);
}

/**
 * Creates what finds the holders of ports on the system that the supervisor runs on.
 *
 * @param agentOf returns the agent to whose run a process belongs; null: to none
 */
export function createPortHolders(
  clock: Pick<Clock, 'after'>,
  agentOf: (pid: number) => string | null,
  platform: NodeJS.Platform = process.platform,
): PortHolders {
  const find = platform === 'darwin' ? findListenerByLsof() : findListenerInProc;
  return new SystemPortHolders(find, agentOf, clock);
}
