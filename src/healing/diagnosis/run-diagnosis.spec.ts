import { FakeClock } from '../../../test/support/fake-clock';
import { Problem } from '../../kernel';
import type { RunProgram } from './install-advice';
import { Diagnostician, RunDiagnosis } from './run-diagnosis';
import type { LogMark } from './run-log';

const NO_FILE = { inode: 0, size: 0 };
const LOG: LogMark = { stdout: NO_FILE, stderr: NO_FILE, oomKills: null };
const MISSING = "ModuleNotFoundError: No module named 'httpx'";
const OLD: RunProgram = { program: '/srv/agents/old/bin/python', folder: '/srv/agents' };
const NEW: RunProgram = { program: '/srv/agents/new/bin/python', folder: '/srv/agents' };

/** Makes the diagnosis over a log that ends with a missing module. `present`: what the definition launches now. */
function makeDiagnosis(present: () => RunProgram, mark = Promise.resolve(LOG), stderr = `${MISSING}\n`) {
  const clock = new FakeClock();
  const log = {
    mark: () => mark,
    since: () =>
      Promise.resolve({
        stdout: '',
        stderr,
        stdoutAt: null,
        stderrAt: null,
        isCut: false,
        oomKills: null,
      }),
  };
  const parts = {
    planner: { check: present, listVariables: () => null },
    secrets: { of: () => [], forget: () => undefined },
    fleet: { noteDiagnosis: () => undefined },
    diagnostician: new Diagnostician(log as never, clock),
  };
  const { planner, secrets, fleet, diagnostician } = parts;
  const holders = { holderOf: (port: number) => Promise.resolve(port === 3000 ? HOLDER : null) };
  const diagnosis = new RunDiagnosis(planner as never, secrets as never, fleet as never, diagnostician, holders);
  return { diagnosis, clock };
}

const HOLDER = { pid: 4711, program: 'node server.js', agentId: null };
const exit = { exitCode: 1, signal: null };

describe('the advice for a missing module', () => {
  it('names the python that ran, although the definition names another one by now', async () => {
    const { diagnosis } = makeDiagnosis(() => NEW);
    const { advice } = await diagnosis.diagnose('a', { runId: 'r', exit, log: LOG, program: OLD });
    expect(advice).toContain('/srv/agents/old/bin/python -m pip install httpx');
  });

  it('names the python of the definition if the one that ran is unknown', async () => {
    const { diagnosis } = makeDiagnosis(() => NEW);
    const { advice } = await diagnosis.diagnose('a', { runId: 'r', exit, log: LOG, program: null });
    expect(advice).toContain('/srv/agents/new/bin/python -m pip install httpx');
  });

  it('names no python if neither is known', async () => {
    const { diagnosis } = makeDiagnosis(() => {
      throw new Problem('interpreter-not-found', 'There is no python.');
    });
    const { line, advice } = await diagnosis.diagnose('a', { runId: 'r', exit, log: LOG, program: null });
    expect([line, advice.includes('pip install')]).toEqual([MISSING, false]);
  });
});

describe('a process whose part of the logs is unknown', () => {
  it('gets no reason from the logs, although an earlier process of its run was marked', async () => {
    const { diagnosis } = makeDiagnosis(() => NEW);
    await diagnosis.mark('a');
    const { line } = await diagnosis.diagnose('a', { runId: 'r', exit, log: null, program: OLD });
    expect(line).toBe('exited with code 1');
  });

  it('is what a disk that does not answer leaves, within half a second', async () => {
    const { diagnosis, clock } = makeDiagnosis(() => NEW, new Promise(() => undefined));
    const marked = diagnosis.mark('a');
    await clock.advance(500);
    expect(await marked).toBeNull();
  });
});

describe('the diagnosis of a port in use', () => {
  const words = (port: number) => `Error: listen EADDRINUSE: address already in use 127.0.0.1:${port}\n`;

  it('names the port, the pid and the program that holds it', async () => {
    const { diagnosis } = makeDiagnosis(() => NEW, undefined, words(3000));
    const { cause, advice, evidence } = await diagnosis.diagnose('a', { runId: 'r', exit, log: LOG, program: OLD });
    expect(cause).toBe('port-in-use');
    expect(advice).toContain('Port 3000 is held by pid 4711 (node server.js)');
    expect(evidence).toContainEqual({
      ...{ source: 'system', detail: 'port 3000 is held by pid 4711 (node server.js)' },
    });
  });

  it('says how to find the holder if the system does not show it', async () => {
    const { diagnosis } = makeDiagnosis(() => NEW, undefined, words(3001));
    const { advice } = await diagnosis.diagnose('a', { runId: 'r', exit, log: LOG, program: OLD });
    expect(advice).toContain('lsof -nP -iTCP:3001');
  });
});

describe('the log of a run that ends with a line longer than one read', () => {
  const empty = { stdout: '', stdoutAt: null, stderrAt: null, isCut: true, oomKills: null };

  it('is read far back', async () => {
    const clock = new FakeClock();
    const stderr = `Traceback (most recent call last):\nValueError: no step follows from ${'x'.repeat(200_000)}\n`;
    const log = {
      since: (_agentId: string, _mark: LogMark, isDeep = false) =>
        Promise.resolve({ ...empty, stderr: isDeep ? stderr : '' }),
    };
    const diagnostician = new Diagnostician(log as never, clock);
    const end = { agentId: 'a', ...exit, mark: LOG, secrets: [], program: null, variables: null };
    const diagnosis = diagnostician.gather(end);
    await clock.advance(500);
    expect(await diagnosis).toMatchObject({
      cause: 'unhandled-exception',
      line: expect.stringContaining('no step follows') as string,
    });
  });
});
