import path from 'node:path';
import { Logger, Module } from '@nestjs/common';
import { CLOCK, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { Backups } from './backups';
import { Database } from './database';
import { InstanceIdentity } from './instance-identity';
import { MIRROR_RESTORED, restoreFromMirror } from './mirror/mirror-restore';
import { SupabaseMirror } from './mirror/supabase-mirror';
import { Retention } from './retention';
import { WriteQueue, type WriteQueueOptions } from './write-queue';

@Module({
  providers: [
    Backups,
    Retention,
    SupabaseMirror,
    // Before the database is opened: where it has nothing to do there is one, or there is to be an empty one.
    { provide: MIRROR_RESTORED, inject: [SETTINGS, CLOCK], useFactory: restoreFromMirror },
    {
      provide: Database,
      inject: [SETTINGS, MIRROR_RESTORED],
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
  exports: [MIRROR_RESTORED, Backups, Database, InstanceIdentity, Retention, SupabaseMirror, WriteQueue],
})
export class PersistenceModule {}

function warnOf(context: string): WriteQueueOptions['log'] {
  const logger = new Logger(context);
  return (fields, message) => {
    logger.warn({ ...fields }, message);
  };
}
