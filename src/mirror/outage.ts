import { messageOf } from '../kernel';
import { missingMigration, MirrorStopped, type KnownMigration } from './failure';
import { OwnedByOther } from './ownership';

/** Reason why the last pass failed, as shown to the operator. */
export interface Outage {
  /** `waiting`: retried automatically; `paused`: it lasts until the operator acts. */
  readonly state: 'waiting' | 'paused';
  readonly error: string;
  /** Action for the operator; empty if none is needed. */
  readonly advice: string;
}

/** Describes why a pass failed. */
export function outageOf(error: unknown, migrations: readonly KnownMigration[]): Outage {
  if (error instanceof OwnedByOther) return { state: 'paused', error: error.message, advice: '' };
  if (!(error instanceof MirrorStopped)) return { state: 'waiting', error: messageOf(error), advice: '' };
  const { failure, table } = error;
  switch (failure.kind) {
    case 'schema': {
      const migration = missingMigration(table, failure.error, migrations) ?? 'the latest';
      const advice = `The project lacks a migration of agent-spawner: push supabase/migrations/${migration}.sql (npx supabase db push). The upload then continues automatically`;
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
