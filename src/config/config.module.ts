import { randomUUID } from 'node:crypto';
import { Global, Module, type DynamicModule } from '@nestjs/common';
import { CLOCK, NEW_ID, RANDOM } from '../kernel';
import { SETTINGS, type ResolvedSettings } from './resolved-settings';
import { OpenResources } from './open-resources';
import { OwnAddress } from './own-address';
import { SystemClock } from './system-clock';

/** Provides what every other module needs: settings, clock, ids and randomness. The only global module. */
@Global()
@Module({})
export class ConfigModule {
  static with(settings: ResolvedSettings, resources: OpenResources): DynamicModule {
    const providers = [
      { provide: SETTINGS, useValue: settings },
      { provide: CLOCK, useClass: SystemClock },
      { provide: NEW_ID, useValue: randomUUID },
      { provide: RANDOM, useValue: Math.random },
      { provide: OpenResources, useValue: resources },
      { provide: OwnAddress, useClass: OwnAddress },
    ];
    return { module: ConfigModule, providers, exports: providers.map(({ provide }) => provide) };
  }
}
