import type { Database } from '../../src/persistence';
import { openEmptyDatabase, type EmptyDatabase } from './database';
import {
  resetDatabase,
  fingerprintHere,
  fingerprintThere,
  makeMirrorWorld,
  MIRRORED,
  type MirrorWorld,
} from './mirror-world';
import { describeOnRigs, startRig, type SupabaseRig } from './supabase-rig';
import type { RigKind } from './supabase-kinds';

/** A Supabase project, two local databases, and a mirror of the first. All are reset before each test. */
export interface MirrorSuite {
  readonly rig: SupabaseRig;
  readonly world: MirrorWorld;
  readonly databases: readonly [Database, Database];
  /** Creates another mirror, which is stopped after the test. */
  worldOf(index: 0 | 1, options?: { readonly instance?: string; readonly key?: string }): Promise<MirrorWorld>;
  /**
   * Runs one pass and expects that nothing waits and that both sides are equal.
   *
   * @param one {@link world} by default
   */
  expectEqual(one?: MirrorWorld): Promise<void>;
  /** Runs one pass of {@link world} and expects this status. */
  expectLater(status: Readonly<Record<string, unknown>>): Promise<void>;
  countThere(table: string): Promise<unknown>;
  /** Stops a mirror after the test. */
  ends(one: MirrorWorld): MirrorWorld;
}

/** Describes tests that run on each kind of database behind PostgREST. */
export function describeMirror(name: string, tests: (suite: MirrorSuite, kind: RigKind) => void): void {
  describeOnRigs(name, (kind) => {
    let rig: SupabaseRig;
    let world: MirrorWorld;
    let made: MirrorWorld[] = [];
    const opened: EmptyDatabase[] = [];
    const databaseOf = (index: 0 | 1) => opened[index]!.database;

    beforeAll(async () => {
      rig = await startRig({ kind });
      opened.push(await openEmptyDatabase(), await openEmptyDatabase());
    });
    afterAll(async () => {
      await rig.stop();
      for (const { destroy } of opened) await destroy();
    });

    beforeEach(async () => {
      rig.fault = () => null;
      await rig.query(`truncate ${MIRRORED.join(', ')}, actp_mirror_owner`);
      for (const { database } of opened) await resetDatabase(database);
      world = await suite.worldOf(0);
      rig.requests.length = 0;
    });
    afterEach(async () => {
      for (const { mirror } of made) await mirror.end();
      made = [];
    });

    const suite: MirrorSuite = {
      get rig() {
        return rig;
      },
      get world() {
        return world;
      },
      get databases(): [Database, Database] {
        return [databaseOf(0), databaseOf(1)];
      },
      ends: (one) => {
        made.push(one);
        return one;
      },
      worldOf: async (index, options = {}) =>
        suite.ends(
          await makeMirrorWorld({ url: rig.url, key: rig.serviceKey, database: databaseOf(index), ...options }),
        ),
      expectEqual: async (one = world) => {
        await one.mirror.pass();
        expect(one.mirror.status()).toMatchObject({ waiting: 0, lastError: null, degraded: null });
        expect(await fingerprintThere(rig)).toEqual(await fingerprintHere(one.database));
      },
      expectLater: async (status) => {
        await world.mirror.pass();
        const seen = world.mirror.status();
        // The whole status, so that a failure shows its reason.
        expect(seen).toEqual({ ...seen, ...status });
      },
      countThere: async (table) => (await rig.query(`select count(*)::int as n from ${table}`))[0]?.n,
    };
    tests(suite, kind);
  });
}
