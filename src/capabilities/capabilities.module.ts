import { Module } from '@nestjs/common';
import { EventsModule } from '../events';
import { HealingModule } from '../healing';
import { PersistenceModule } from '../persistence';
import { RegistryModule } from '../registry';
import { Candidates } from './candidates';
import { CapabilityRegistry } from './capability-registry';
import { RouteHistory } from './route-history';
import { StartsOnDemand } from './starts-on-demand';
import { TaskRouter } from './task-router';

@Module({
  imports: [PersistenceModule, EventsModule, RegistryModule, HealingModule],
  providers: [Candidates, CapabilityRegistry, RouteHistory, StartsOnDemand, TaskRouter],
  exports: [CapabilityRegistry],
})
export class CapabilitiesModule {}
