import path from 'node:path';
import { Logger, Module } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { Backups } from './backups';
import { Database } from './database';
import { InstanceIdentity } from './instance-identity';
import { WriteQueue, type WriteQueueOptions } from './write-queue';

@Module({
  providers: [
    Backups,
    {
      provide: Database,
      inject: [SETTINGS],
      useFactory: (settings: ResolvedSettings) =>
        Database.open(path.join(settings.dataDir, 'db'), { log: warnOf(Database.name) }),
    },
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
  exports: [Backups, Database, InstanceIdentity, WriteQueue],
})
export class PersistenceModule {}

function warnOf(context: string): WriteQueueOptions['log'] {
  const logger = new Logger(context);
  return (fields, message) => {
    logger.warn({ ...fields }, message);
  };
}
