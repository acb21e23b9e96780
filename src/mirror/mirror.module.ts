import { Module } from '@nestjs/common';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CLOCK, type Clock } from '../kernel';
import { Database, InstanceIdentity, PersistenceModule, WriteQueue } from '../persistence';
import { Outbox } from './outbox';
import { SupabaseMirror } from './supabase-mirror';
import { SupabaseProject } from './supabase-project';
import { UPLOAD_PASS, UploadPass } from './upload-pass';

@Module({
  imports: [PersistenceModule],
  providers: [
    SupabaseMirror,
    {
      provide: Outbox,
      inject: [Database, WriteQueue],
      useFactory: (database: Database, queue: WriteQueue) => new Outbox(database, queue),
    },
    {
      provide: UPLOAD_PASS,
      inject: [SETTINGS, Database, WriteQueue, InstanceIdentity, Outbox, CLOCK],
      useFactory: makeUploadPass,
    },
  ],
  exports: [SupabaseMirror],
})
export class MirrorModule {}

/** Returns null without a project. */
function makeUploadPass(
  { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: key }: ResolvedSettings,
  database: Database,
  queue: WriteQueue,
  identity: InstanceIdentity,
  outbox: Outbox,
  clock: Clock,
): UploadPass | null {
  if (url === undefined || key === undefined) return null;
  const project = new SupabaseProject({ url, key, clock, writer: identity.writer });
  return new UploadPass(database, queue, identity, outbox, project, clock);
}
