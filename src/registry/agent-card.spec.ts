import { sql } from 'kysely';
import { agentCard } from '../../test/support/cards';
import { a, registry, reload, test, useRegistry } from '../../test/support/registry-world';

useRegistry();

const EXTERNAL = { ...a, entryPoint: null };

describe('the card of an agent', () => {
  afterEach(() => test.database.transaction((tx) => tx.deleteFrom('local.agent_card').execute()));

  const rows = () => test.database.read((db) => db.selectFrom('local.agent_card').selectAll().execute());

  it('is saved with its registration, and loaded by a later start', async () => {
    await registry.registerWithCard(EXTERNAL, agentCard());
    expect(registry.getAgent('a').card).toEqual(agentCard());
    expect((await reload()).getAgent('a').card).toEqual(agentCard());
  });

  it('is none if the agent was registered without', async () => {
    await registry.register(EXTERNAL);
    expect([registry.getAgent('a').card, (await reload()).getAgent('a').card, await rows()]).toEqual([null, null, []]);
  });

  it('does not change with the definition', async () => {
    await registry.registerWithCard(EXTERNAL, agentCard());
    await registry.update('a', { name: 'B', endpoint: 'http://127.0.0.1:1/' });
    expect((await reload()).getAgent('a')).toMatchObject({ name: 'B', card: agentCard() });
  });

  it('is removed with the agent', async () => {
    await registry.registerWithCard(EXTERNAL, agentCard());
    await registry.unregister('a');
    expect(await rows()).toEqual([]);
    await registry.register(EXTERNAL);
    expect((await reload()).getAgent('a').card).toBeNull();
  });

  it('is in no mirrored table', async () => {
    await registry.registerWithCard(EXTERNAL, agentCard());
    const { rows: found } = await test.database.read((db) =>
      sql<{
        all: string;
      }>`select query_to_xml('select * from actp_agent_registry', true, true, '')::text as all`.execute(db),
    );
    expect(JSON.stringify(found)).not.toContain('kitchen.example');
  });

  it('that was damaged counts as none', async () => {
    await registry.registerWithCard(EXTERNAL, agentCard());
    await test.database.transaction((tx) => tx.updateTable('local.agent_card').set({ card: '"broken"' }).execute());
    expect((await reload()).getAgent('a').card).toBeNull();
  });
});
