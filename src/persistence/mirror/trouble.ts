import { messageOf } from '../../kernel';
import { MirrorStopped } from './answer';
import { missingMigration, type KnownMigration } from './failure';
import { OwnedByOther } from './ownership';

/** What is wrong with the mirror, for people. */
export interface Trouble {
  /** `paused`: it goes on once a person has done something. */
  readonly state: 'waiting' | 'paused';
  readonly error: string;
  /** What to do; empty: nothing, it goes on by itself. */
  readonly advice: string;
}

/** What the end of a pass means. */
export function troubleOf(error: unknown, migrations: readonly KnownMigration[]): Trouble {
  if (error instanceof OwnedByOther) return { state: 'paused', error: error.message, advice: '' };
  if (!(error instanceof MirrorStopped)) return { state: 'waiting', error: messageOf(error), advice: '' };
  const { failure, table } = error;
  switch (failure.kind) {
    case 'schema': {
      const migration = missingMigration(table, failure.error, migrations) ?? 'the latest';
      const advice = `The schema there is not ours: push supabase/migrations/${migration}.sql (npx supabase db push); it goes on by itself then`;
      return { state: 'paused', error: failure.error, advice };
    }
    case 'key':
      return { state: 'waiting', error: failure.error, advice: 'Check SUPABASE_SERVICE_ROLE_KEY' };
    case 'away':
    case 'relieved':
    case 'content':
    case 'too-large':
      return { state: 'waiting', error: failure.error, advice: '' };
  }
}
