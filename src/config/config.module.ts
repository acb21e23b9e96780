import { randomUUID } from 'node:crypto';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { CLOCK, NEW_ID, RANDOM } from '../kernel';
import type { ResolvedSettings } from './resolved-settings';
import { OwnAddress } from './own-address';
import { SystemClock } from './system-clock';
import { SETTINGS } from './tokens';

/** What everything stands on: settings, time, ids and chance. The only global module. */
@Global()
@Module({})
export class ConfigModule {
  static with(settings: ResolvedSettings): DynamicModule {
    const providers = [
      { provide: SETTINGS, useValue: settings },
      { provide: CLOCK, useClass: SystemClock },
      { provide: NEW_ID, useValue: randomUUID },
      { provide: RANDOM, useValue: Math.random },
      { provide: OwnAddress, useClass: OwnAddress },
    ];
    return { module: ConfigModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
