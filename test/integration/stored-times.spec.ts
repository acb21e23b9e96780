import { Database } from '../../src/persistence';
import { AgentViews } from '../../src/healing';
import { ProcessLauncher } from '../../src/launcher';
import { AgentRegistry } from '../../src/registry';
import { makeApp, type TestApp } from '../support/app';
import { until } from '../support/until';

describe('a stored time', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await makeApp({ CIRCUIT_FAILURE_THRESHOLD: '2', CIRCUIT_COOLDOWN_SECONDS: '600' });
  });
  afterAll(() => app.destroy());

  const iso = (time: Date | null | undefined) => time?.toISOString() ?? null;
  const view = () => app.get(AgentViews).view('timed');
  const circuitRow = () =>
    app
      .get(Database)
      .read((db) =>
        db
          .selectFrom('actp_circuit_breakers')
          .select(['last_failure_at', 'tripped_at', 'due_at'])
          .where('agent_id', '=', 'timed')
          .executeTakeFirstOrThrow(),
      );

  it('equals the time in the API, in whole milliseconds', async () => {
    await app.get(AgentRegistry).register({ agentId: 'timed', name: 'Timed', entryPoint: 'crasher.py' });
    await app.get(ProcessLauncher).spawn('timed');
    await until(() => view().status === 'halted', 'it is halted', 30_000);
    await until(async () => (await circuitRow()).tripped_at !== null, 'it is saved');
    const { last_failure_at: failedAt, tripped_at: trippedAt, due_at: dueAt } = await circuitRow();
    expect(view().nextAttemptAt).toBe(iso(dueAt));
    expect(view().circuit).toMatchObject({ lastFailureAt: iso(failedAt), trippedAt: iso(trippedAt) });
    const agent = await app
      .get(Database)
      .read((db) =>
        db
          .selectFrom('actp_agent_registry')
          .select(['registered_at', 'updated_at'])
          .where('agent_id', '=', 'timed')
          .executeTakeFirstOrThrow(),
      );
    const { registeredAt, updatedAt } = view();
    expect({ registeredAt, updatedAt }).toEqual({
      registeredAt: iso(agent.registered_at),
      updatedAt: iso(agent.updated_at),
    });
  });

  it.each([6_000, 1_500])('equals the time in the API again after the process was suspended for %i ms', async (ms) => {
    const before = view().nextAttemptAt;
    suspendFor(ms);
    await until(() => view().nextAttemptAt !== before, 'the API shows a later time');
    await until(async () => iso((await circuitRow()).due_at) === view().nextAttemptAt, 'the row shows the same');
  });
});

/** Blocks this process, like a suspend: no timer fires meanwhile. */
function suspendFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
