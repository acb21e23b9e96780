import { Module, type Provider } from '@nestjs/common';
import { CLOCK, NEW_ID, type Clock, type NewId } from '../kernel';
import { EventsModule } from '../events';
import { HEALTH_LISTENER, INCARNATIONS, WATCH_TARGETS } from '../health';
import { Notifications, NotificationsModule, SENT_NOTIFICATIONS } from '../notifications';
import { PersistenceModule } from '../persistence';
import { RegistryModule } from '../registry';
import { AgentActors } from './actor/agent-actors';
import { EventRecorder } from './event-recorder';
import { FleetJournal } from './fleet/fleet-journal';
import { FleetWatch } from './fleet/fleet-watch';
import { SupervisedFleet } from './fleet/supervised-fleet';
import { ActorHealthListener, ActorWatchTargets } from './health-ports';
import { ViewChanges } from './waits/view-changes';

const fleet: Provider[] = [
  {
    provide: FleetWatch,
    inject: [CLOCK, NEW_ID, FleetJournal, SupervisedFleet],
    useFactory: (clock: Clock, newId: NewId, journal: FleetJournal, facts: SupervisedFleet) =>
      new FleetWatch(clock, newId, journal, facts),
  },
  FleetJournal,
  SupervisedFleet,
];

/**
 * Provides what health requires: the state of the actors, and a listener. The actors are indexed here, below health and
 * supervision, so that neither depends on the other.
 */
@Module({
  imports: [PersistenceModule, EventsModule, RegistryModule, NotificationsModule],
  providers: [
    ...fleet,
    ActorHealthListener,
    ActorWatchTargets,
    AgentActors,
    EventRecorder,
    Notifications,
    ViewChanges,
    { provide: SENT_NOTIFICATIONS, useExisting: EventRecorder },
    { provide: WATCH_TARGETS, useExisting: ActorWatchTargets },
    { provide: INCARNATIONS, useExisting: ActorWatchTargets },
    { provide: HEALTH_LISTENER, useExisting: ActorHealthListener },
  ],
  exports: [
    AgentActors,
    EventRecorder,
    FleetJournal,
    FleetWatch,
    HEALTH_LISTENER,
    INCARNATIONS,
    Notifications,
    ViewChanges,
    WATCH_TARGETS,
  ],
})
export class HealthPortsModule {}
