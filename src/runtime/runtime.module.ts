import { Module } from '@nestjs/common';
import { CLOCK, Problem, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { LinuxProcessInspector } from './linux-process-inspector';
import { Pm2Runtime } from './pm2/pm2-runtime';
import { PROCESS_INSPECTOR, type ProcessInspector } from './process-inspector';
import { PROCESS_RUNTIME } from './process-runtime';
import { readSigningKey } from './signing-key';

/** Nest's injection token of the key under which agents' tokens are made. */
export const SIGNING_KEY = Symbol('SigningKey');

@Module({
  providers: [
    { provide: PROCESS_INSPECTOR, useFactory: inspectorOfThisSystem },
    {
      provide: SIGNING_KEY,
      inject: [SETTINGS],
      useFactory: (settings: ResolvedSettings) => readSigningKey(settings.dataDir),
    },
    {
      provide: PROCESS_RUNTIME,
      inject: [SETTINGS, CLOCK, PROCESS_INSPECTOR, SIGNING_KEY],
      useFactory: (settings: ResolvedSettings, clock: Clock, inspector: ProcessInspector, key: Buffer) =>
        new Pm2Runtime({ pm2Home: settings.pm2Home, clock, inspector, key }),
    },
  ],
  exports: [PROCESS_INSPECTOR, PROCESS_RUNTIME, SIGNING_KEY],
})
export class RuntimeModule {}

function inspectorOfThisSystem(): ProcessInspector {
  if (process.platform === 'linux') return new LinuxProcessInspector();
  throw new Problem('invalid-request', `agent-spawner runs on Linux; ${process.platform} is not supported yet.`);
}
