import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import type { Notification } from './notification';
import { NotificationStore } from './notification-store';

let test: TestDatabase;
let store: NotificationStore;

beforeEach(async () => {
  test = await openTestDatabase();
  let made = 0;
  store = new NotificationStore(test.database, test.queue, () => `id-${++made}`);
});
afterEach(() => test.destroy());

const recovery = (incidentId: string): Notification => ({
  kind: 'fleet-restored',
  incidentId,
  affected: 5,
  durationMs: 1,
});

describe('an invalid saved notification', () => {
  beforeEach(async () => {
    await test.database.transaction(async (tx) => {
      await store.add(tx, recovery('a'), 1);
      await store.add(tx, recovery('b'), 2);
      await store.add(tx, recovery('c'), 3);
      await sql`update local.notice set body = '{"kind": "from a newer program"}' where incident_id = 'a'`.execute(tx);
      await sql`update local.notice set told = '"all"' where incident_id = 'b'`.execute(tx);
    });
  });

  it('does not keep the others from being sent', async () => {
    const waiting = await store.waiting();
    expect(waiting.map(({ notification, receivedBy }) => [notification.incidentId, receivedBy])).toEqual([
      ['b', []],
      ['c', []],
    ]);
  });

  it('causes no endless reminders', async () => {
    await test.database.transaction((tx) =>
      sql`update local.notice set remind_at = 5, kind = 'escalation' where incident_id = 'a'`.execute(tx),
    );
    await store.queueReminders(10);
    expect(await store.nextReminder()).toBeNull();
  });
});
