import { sql } from 'kysely';
import { openTestDatabase, type TestDatabase } from '../../test/support/database';
import { agentDefinitionSchema } from '../kernel';
import { AgentStore } from './agent-store';

let test: TestDatabase;
let store: AgentStore;

beforeAll(async () => {
  test = await openTestDatabase();
  store = new AgentStore(test.database, test.instance);
});
afterAll(() => test.destroy());

const agent = {
  ...agentDefinitionSchema.parse({ agentId: 'a', name: 'A', entryPoint: 'a.py' }),
  ...{ id: '00000000-0000-4000-8000-000000000001', missingEnv: [], registeredAt: 0, updatedAt: 0 },
};

describe('the row of an agent', () => {
  it('is written by a decision only where it changes something, so that nothing needless is mirrored', async () => {
    await test.database.transaction((tx) => store.save(tx, agent));
    const xmin = async () => {
      const { rows } = await test.database.read((db) =>
        sql<{ xmin: string }>`select xmin::text, status from actp_agent_registry`.execute(db),
      );
      return rows[0];
    };
    const save = (status: 'running' | 'starting') =>
      test.database.transaction((tx) => store.saveDesired(tx, 'a', 'running', status));
    await save('starting');
    const first = await xmin();
    await save('starting');
    expect(await xmin()).toEqual(first);
    await save('running');
    expect(await xmin()).toMatchObject({ status: 'running' });
  });
});
