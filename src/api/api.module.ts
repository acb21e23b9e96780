import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { AccessGuard, AuthModule, RateGuard } from '../auth';
import { CapabilitiesModule } from '../capabilities';
import { EventsModule } from '../events';
import { HealingModule } from '../healing';
import { LauncherModule } from '../launcher';
import { MirrorModule } from '../mirror';
import { NotificationsModule } from '../notifications';
import { PersistenceModule } from '../persistence';
import { RegistryModule } from '../registry';
import { AgentHealthController } from './agent-health.controller';
import { AgentOperationsController } from './agent-operations.controller';
import { AgentWaitsController } from './agent-waits.controller';
import { AgentsController } from './agents.controller';
import { CapabilitiesController } from './capabilities.controller';
import { HealthController } from './health.controller';
import { HeartbeatController } from './heartbeat.controller';
import { HistoryController } from './history.controller';
import { MirrorController } from './mirror.controller';
import { ProblemFilter } from './problem.filter';
import { DatabaseReadiness } from './database-readiness';
import { Readiness } from './readiness';
import { SchemaPipe } from './request-reading';

@Module({
  imports: [
    AuthModule,
    PersistenceModule,
    MirrorModule,
    EventsModule,
    RegistryModule,
    NotificationsModule,
    HealingModule,
    CapabilitiesModule,
    LauncherModule,
    TerminusModule.forRoot({ logger: false }),
  ],
  // Operations must come first: `spawn` and `terminate` are their routes, not agent ids.
  controllers: [
    AgentOperationsController,
    AgentHealthController,
    AgentWaitsController,
    AgentsController,
    HeartbeatController,
    HistoryController,
    CapabilitiesController,
    MirrorController,
    HealthController,
  ],
  providers: [
    DatabaseReadiness,
    Readiness,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_GUARD, useExisting: AccessGuard },
    { provide: APP_GUARD, useExisting: RateGuard },
    { provide: APP_PIPE, useClass: SchemaPipe },
  ],
  exports: [Readiness],
})
export class ApiModule {}
