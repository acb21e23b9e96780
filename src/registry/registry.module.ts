import { Module } from '@nestjs/common';
import { EventsModule } from '../events';
import { PersistenceModule } from '../persistence';
import { AgentRegistry } from './agent-registry';
import { AgentStore } from './agent-store';
import { DefinitionCheck } from './definition-check';

@Module({
  imports: [PersistenceModule, EventsModule],
  providers: [AgentRegistry, AgentStore, DefinitionCheck],
  exports: [AgentRegistry],
})
export class RegistryModule {}
