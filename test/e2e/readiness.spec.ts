import { tmpdir } from 'node:os';
import { makeFaultyDisk } from '../support/faulty-disk';
import { makeService, VIEWER_TOKEN, type TestService } from '../support/service';
import { ApiClient } from '../support/api-client';
import { until } from '../support/until';

interface Report {
  readonly service: readonly {
    readonly name: string;
    readonly reason: string | null;
    readonly detail: string | null;
  }[];
}

/** A start takes long on a busy machine. */
const START_MS = 110_000;

const FIRST = ['acquisition-agent', 'content-agent', 'orchestrator', 'revenue-agent', 'safari-automation'];

describe('readiness', () => {
  it('is reported once the first-start agents are registered and a snapshot was taken, also at a second start', async () => {
    const port = String(20_000 + (process.pid % 20_000));
    const settings = { PORT: port };
    const api = new ApiClient(`http://127.0.0.1:${port}`, VIEWER_TOKEN);
    // Lists the agents at the moment at which it reports ready, which is before it prints so.
    const firstList = async (started: Promise<unknown>) => {
      const listed = until(
        async () => {
          const status = await api.get('/health/ready').then(
            (answer) => answer.status,
            () => 0,
          );
          return status === 200 ? (await api.agents()).map(({ agentId, status: state }) => ({ agentId, state })) : null;
        },
        'it is ready',
        START_MS,
      );
      await started;
      return listed;
    };
    let service: TestService | null = null;
    try {
      const made = makeService({ settings, firstStart: true }).then((value) => (service = value));
      const first = await firstList(made);
      expect(first.map(({ agentId }) => agentId).sort()).toEqual(FIRST);
      service = await made;
      await service.end();
      const second = await firstList(service.start());
      expect(second.map(({ agentId }) => agentId).sort()).toEqual(FIRST);
    } finally {
      await service?.destroy();
    }
  });

  it('holds an early request until the agents are registered', async () => {
    const port = String(20_001 + (process.pid % 20_000));
    const api = new ApiClient(`http://127.0.0.1:${port}`, VIEWER_TOKEN);
    const made = makeService({ settings: { PORT: port }, firstStart: true });
    const list = until(() => api.agents().catch(() => null), 'the port is open', START_MS);
    const service = await made;
    try {
      expect((await list).map(({ agentId }) => agentId).sort()).toEqual(FIRST);
    } finally {
      await service.destroy();
    }
  });

  it('shows any caller the failed part by a stable phrase, and callers with a token the cause', async () => {
    const disk = makeFaultyDisk();
    const service = await makeService({ settings: disk.settings });
    try {
      disk.fail('ENOSPC');
      const { body } = await until(
        async () => {
          const answer = await service.api.get('/health/ready');
          return answer.status === 503 ? answer : null;
        },
        'a disk that accepts no write is detected',
        60_000,
      );
      expect(body).toMatchObject({ error: { database: { status: 'down', reason: 'database does not answer' } } });
      const said = JSON.stringify(body);
      expect(said).not.toContain(service.home.root);
      expect(said).not.toContain(tmpdir());
      expect(said).not.toMatch(/ENOSPC|EIO|Error/);
      const { service: parts } = await service.api.expect<Report>(200, 'GET', '/api/health');
      const database = parts.find(({ name }) => name === 'database');
      expect(database).toMatchObject({ reason: 'database does not answer', detail: expect.any(String) as string });
      disk.mend();
      await until(async () => (await service.api.get('/health/ready')).status === 200, 'it is ready again', 60_000);
    } finally {
      disk.mend();
      await service.destroy();
      disk.remove();
    }
  });
});
