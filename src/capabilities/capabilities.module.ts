import { Module } from '@nestjs/common';
import { EventsModule } from '../events';
import { HealingModule } from '../healing';
import { PersistenceModule } from '../persistence';
import { RegistryModule } from '../registry';
import { CapabilityRegistry } from './capability-registry';

@Module({
  imports: [PersistenceModule, EventsModule, RegistryModule, HealingModule],
  providers: [CapabilityRegistry],
  exports: [CapabilityRegistry],
})
export class CapabilitiesModule {}
