import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence';
import { EventLog } from './event-log';
import { RestartLog } from './restart-log';

@Module({
  imports: [PersistenceModule],
  providers: [EventLog, RestartLog],
  exports: [EventLog, RestartLog],
})
export class EventsModule {}
