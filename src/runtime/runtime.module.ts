import { Module } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { Pm2Runtime } from './pm2/pm2-runtime';
import { PROCESS_INSPECTOR, type ProcessInspector } from './process-inspector';
import { PROCESS_RUNTIME } from './process-runtime';
import { readSigningKey } from './signing-key';
import { inspectorForThisMachine } from './this-machine';

/** Nest's injection token of the key under which agents' tokens are made. */
export const SIGNING_KEY = Symbol('SigningKey');

@Module({
  providers: [
    { provide: PROCESS_INSPECTOR, useFactory: () => inspectorForThisMachine() },
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
