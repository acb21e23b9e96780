import { sql } from 'kysely';
import { a, listRecorded, registry, reload, test, useRegistry } from '../../test/support/registry-world';
import type { AgentRegistry } from './agent-registry';

useRegistry();

describe('values of env', () => {
  it('are in no mirrored table', async () => {
    await registry.register({ ...a, env: { KEY: 'sk-first-secret' } });
    await registry.update('a', { env: { KEY: 'sk-second-secret', MORE: 'sk-third-secret' } });
    const tables = await test.database.read((db) =>
      sql<{ name: string; all: string }>`
        select table_name as name, query_to_xml('select * from ' || table_name, true, true, '')::text as all
        from information_schema.tables where table_schema = 'public'
      `.execute(db),
    );
    const leaving = tables.rows.map(({ all }) => all).join('\n');
    expect(tables.rows.map(({ name }) => name)).toContain('actp_agent_registry');
    expect(leaving).toContain('MORE');
    expect(leaving).not.toMatch(/sk-\w+-secret/);
    expect((await reload()).getAgent('a').env).toEqual({ KEY: 'sk-second-secret', MORE: 'sk-third-secret' });
  });
});

describe('values of env that are missing on this machine', () => {
  /** Simulates RESTORE_FROM: the mirror has the names of `env`, but no values. */
  async function restore(): Promise<AgentRegistry> {
    await registry.register({ ...a, env: { KEY: 'secret', MODE: 'x' } });
    await test.database.transaction((tx) => tx.deleteFrom('local.agent_env').execute());
    return reload();
  }
  const rowOf = async () => {
    const rows = await test.database.read((db) =>
      db.selectFrom('actp_agent_registry').select(['env_names', 'status']).execute(),
    );
    return rows[0];
  };

  it('are listed by name, and an agent that was registered here lacks none', async () => {
    expect((await restore()).getAgent('a')).toMatchObject({ env: {}, missingEnv: ['KEY', 'MODE'] });
    expect(registry.getAgent('a').missingEnv).toEqual([]);
  });

  it('stay listed after a change that does not set them', async () => {
    const later = await restore();
    await later.update('a', { env: { KEY: 'new' }, name: 'B' });
    expect(later.getAgent('a')).toMatchObject({ env: { KEY: 'new' }, missingEnv: ['MODE'] });
    expect((await reload()).getAgent('a')).toMatchObject({ env: { KEY: 'new' }, missingEnv: ['MODE'] });
    expect((await rowOf())?.env_names).toEqual(['KEY', 'MODE']);
  });

  it('can be removed, but not kept by ***', async () => {
    const later = await restore();
    await expect(later.update('a', { env: { KEY: '***' } })).rejects.toThrow('no value is stored under this name');
    await later.update('a', { env: { KEY: null, MODE: null } });
    expect((await reload()).getAgent('a')).toMatchObject({ env: {}, missingEnv: [] });
    expect((await listRecorded()).at(-1)).toEqual(['agent.updated', { members: ['env'] }]);
  });
});
