import { describeMirror } from '../../support/mirror-suite';
import { agent, circuit, resetDatabase, events, fingerprintThere } from '../../support/mirror-world';

describeMirror('a project with an owner', (suite) => {
  it('receives nothing from a second instance, which names the owner', async () => {
    await suite.world.write(events(1, 3));
    await suite.expectEqual();
    const before = await fingerprintThere(suite.rig);
    for (const instance of ['two', 'one']) {
      await resetDatabase(suite.databases[1]);
      const second = await suite.worldOf(1, { instance });
      await second.write(events(1, 2, instance), agent('x', instance), circuit('x', 1, instance));
      suite.rig.requests.length = 0;
      await second.mirror.pass();
      expect(second.mirror.status()).toMatchObject({ state: 'paused', waiting: 4 });
      expect(second.mirror.status().degraded).toMatch(/belongs to the instance one.*RESTORE_FROM=one/);
      expect(suite.rig.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
    }
    expect(await fingerprintThere(suite.rig)).toEqual(before);
    await suite.expectEqual();
  });

  it('is claimed by exactly one of two concurrent instances', async () => {
    const second = await suite.worldOf(1, { instance: 'two' });
    await Promise.all([suite.world.mirror.pass(), second.mirror.pass()]);
    const states = [suite.world, second].map(({ mirror }) => mirror.status().state);
    expect(states.sort()).toEqual(['paused', 'working']);
  });

  it('is written by the copy that was started last, and the other one reports it', async () => {
    await suite.expectEqual();
    const [copied, copy] = [suite.databases[0], suite.databases[1]];
    const meta = await copied.read((db) => db.selectFrom('local.meta').selectAll().execute());
    const ids = meta.filter(({ key }) => key === 'writer_id' || key === 'instance_id');
    await copy.transaction(async (tx) => {
      for (const { key, value } of ids)
        await tx
          .insertInto('local.meta')
          .values({ key, value: JSON.stringify(value) })
          .execute();
    });
    const second = await suite.worldOf(1);
    await second.write(circuit('a', 2));
    await suite.expectEqual(second);
    for (let pass = 0; pass < 2; pass += 1) {
      await suite.world.write(circuit('a', 1));
      await suite.expectLater({ state: 'paused' });
      expect(suite.world.mirror.status().degraded).toMatch(/from a copy of this DATA_DIR/);
      await suite.expectEqual(second);
    }
    // The operator restarts the first one. It does not matter if the second one was stopped.
    await suite.world.mirror.end();
    await suite.expectEqual(await suite.worldOf(0));
    await second.write(circuit('a', 3));
    await second.mirror.pass();
    expect(second.mirror.status()).toMatchObject({ state: 'paused', waiting: 1 });
  });

  it('can be handed over by the operator: the first instance notices, and stops writing', async () => {
    await suite.world.write(events(1, 3));
    await suite.expectEqual();
    await suite.rig.query('delete from actp_mirror_owner');
    const second = await suite.worldOf(1, { instance: 'two' });
    await second.write(events(1, 2, 'two'));
    await second.mirror.pass();
    await suite.world.write(events(4, 3));
    // It does not know yet that it lost ownership. The project refuses its requests.
    await suite.expectLater({ state: 'paused', waiting: 3 });
    expect(await suite.countThere('actp_agent_events')).toBe(5);
  });

  it('follows an instance that was renamed', async () => {
    await suite.world.write(events(1, 2_100), agent('a'));
    await suite.expectEqual();
    await suite.world.mirror.end();
    await suite.expectEqual(await suite.worldOf(0, { instance: 'new' }));
    expect(await suite.rig.query('select distinct instance from actp_agent_events')).toEqual([{ instance: 'new' }]);
  });
});
