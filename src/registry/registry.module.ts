import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence';
import { AgentDefinitions } from './agent-definitions';
import { AgentStore } from './agent-store';

/** Holds and stores the definitions. `AgentRegistry` is a provider of healing, which provides the port that it requires. */
@Module({
  imports: [PersistenceModule],
  providers: [AgentDefinitions, AgentStore],
  exports: [AgentDefinitions, AgentStore],
})
export class RegistryModule {}
