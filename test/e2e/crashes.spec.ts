import { cpSync } from 'node:fs';
import path from 'node:path';
import type { FailureCause } from '../../src/kernel';
import { listCrashPrograms, CRASH_FOLDER, type CrashProgram } from '../support/crash-programs';
import { makeService, type TestService } from '../support/service';
import { until } from '../support/until';

interface DiagnosisAnswer {
  readonly cause: FailureCause;
  readonly line: string;
  readonly restartable: boolean;
  readonly block: readonly string[];
}

/** Programs that run at once. Each starts an interpreter, and the machine may have two cores. */
const AT_ONCE = 4;

/** Runs programs that crash like those of public bug reports, under the real service and the real PM2. */
describe('an agent that crashes', () => {
  let service: TestService;

  beforeAll(async () => {
    // No restart may hide the first failure, and no fleet incident may cover the agents.
    service = await makeService({ settings: { BACKOFF_BASE_SECONDS: '600', BACKOFF_MAX_SECONDS: '600' } });
    cpSync(CRASH_FOLDER, path.join(service.home.agentsDir, 'crashes'), { recursive: true });
  });

  afterAll(async () => {
    await service.destroy();
  });

  async function crash({ file }: CrashProgram): Promise<DiagnosisAnswer> {
    const agentId = file.replace(/[^a-z0-9]/g, '-');
    const policy = { restart: 'never', startupGraceSeconds: 60 };
    await service.api.register({ agentId, name: agentId, entryPoint: `crashes/${file}`, capabilities: [], policy });
    await service.api.post(`/api/agents/${agentId}/spawn`, {});
    await until(async () => (await service.api.agent(agentId)).lastFailure !== null, `${file} has failed`, 60_000);
    return service.api.expect<DiagnosisAnswer>(200, 'GET', `/api/agents/${agentId}/diagnosis`);
  }

  it('gets the cause, the remedy and the line that an expert expects', async () => {
    const waiting = [...listCrashPrograms()];
    const wrong: unknown[] = [];
    const work = async () => {
      for (let program = waiting.shift(); program !== undefined; program = waiting.shift()) {
        const { cause, line, restartable, block } = await crash(program);
        const { file, expectCause, expectRestartable, expectLineContains } = program;
        const isRight =
          expectCause.includes(cause) &&
          (expectRestartable === null || restartable === expectRestartable) &&
          line.includes(expectLineContains ?? '');
        if (!isRight) wrong.push({ file, cause, restartable, line, block });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(wrong).toEqual([]);
  }, 600_000);
});
