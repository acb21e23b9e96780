import { Module } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { OpenResources, SETTINGS, type ResolvedSettings } from '../config';
import { Backups } from './backup/backups';
import { Database } from './database/database';
import { InstanceIdentity } from './instance-identity';
import { INITIAL_CONTENT, openDatabase, warnOf } from './open-database';
import { Retention } from './retention';
import { WriteQueue } from './write-queue';

@Module({
  providers: [
    Backups,
    Retention,
    { provide: Database, inject: [SETTINGS, OpenResources, INITIAL_CONTENT], useFactory: openDatabase },
    {
      provide: InstanceIdentity,
      inject: [Database, SETTINGS],
      useFactory: (database: Database, settings: ResolvedSettings) =>
        InstanceIdentity.read(database, settings.INSTANCE_ID),
    },
    {
      provide: WriteQueue,
      inject: [Database, CLOCK],
      useFactory: (database: Database, clock: Clock) =>
        new WriteQueue(database, { clock, log: warnOf(WriteQueue.name) }),
    },
  ],
  exports: [Backups, Database, InstanceIdentity, Retention, WriteQueue],
})
export class PersistenceModule {}
