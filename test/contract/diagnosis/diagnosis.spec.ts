import { appendFileSync } from 'node:fs';
import { useDiagnosedPrograms } from '../../support/diagnosed-programs';

const SECRET = 'sk-very-secret-value';

/** Diagnoses exits by their code, signal, program and environment. */
describe('the diagnosis of an exit', () => {
  const programs = useDiagnosedPrograms();
  const { run, gather, diagnose, errorLog } = programs;

  describe('with exit code 0', () => {
    const CRITICAL = 'CRITICAL another bot instance is polling with the same token. Shutting down.';

    it.each([
      ['Python', 'python3', `import sys\nprint("INFO up")\nprint("${CRITICAL}", file=sys.stderr)\nsys.exit(0)`],
      ['Python, on standard output', 'python3', `print("INFO up")\nprint("${CRITICAL}")`],
      ['Node', 'node', `console.log("up"); console.error("${CRITICAL}"); process.exit(0)`],
    ])('after an error shows the last log line (%s)', async (_, interpreter, program) => {
      const diagnosis = await diagnose(interpreter, program);
      expect(diagnosis).toMatchObject({
        cause: 'clean-exit',
        exitCode: 0,
        line: `exited with code 0 after: ${CRITICAL}`,
      });
      expect(diagnosis.evidence.map(({ detail }) => detail)).toContain(CRITICAL);
    });

    it('after a printed exception shows that exception', async () => {
      const program =
        'import traceback, sys\ntry:\n    raise ValueError("no such table")\nexcept ValueError:\n    traceback.print_exc()\n    sys.exit(0)';
      expect(await diagnose('python3', program)).toMatchObject({
        ...{ cause: 'clean-exit', line: 'exited with code 0 after: ValueError: no such table' },
      });
    });

    it('of a program that has finished its work shows only the exit code', async () => {
      const program =
        'import logging\nlogging.basicConfig(level=logging.INFO)\nlogging.info("42 rows, done")\nprint("done")';
      const { line, evidence } = await diagnose('python3', program);
      expect([line, evidence]).toEqual(['exited with code 0', [{ source: 'exit', detail: 'code 0' }]]);
    });

    it('that PM2 reports for a program killed by SIGINT is a death by SIGINT', async () => {
      const mark = await programs.log.mark('agent');
      const { signal } = run('python3', 'import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(9)');
      expect(signal).toBe('SIGINT');
      expect(await gather({ exitCode: 0, signal: null }, mark)).toMatchObject({
        ...{ cause: 'killed-by-signal', line: 'killed by SIGINT', exitCode: null, signal: 'SIGINT' },
      });
    });

    it('of a program that handles SIGINT is a clean exit', async () => {
      const program =
        'import os, signal\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\nexcept KeyboardInterrupt:\n    print("bye")';
      expect(await diagnose('python3', program)).toMatchObject({ cause: 'clean-exit', exitCode: 0 });
    });

    it('shows a last log line that arrives shortly after the exit', async () => {
      const mark = await programs.log.mark('agent');
      setTimeout(() => {
        appendFileSync(errorLog(), `${CRITICAL}\n`);
      }, 60);
      expect((await gather({ exitCode: 0, signal: null }, mark)).line).toContain(CRITICAL);
    });
  });

  describe('of a session that is in use elsewhere', () => {
    const CONFLICT =
      'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';

    it.each([
      [
        'python-telegram-bot',
        'python3',
        `import types\nE = type("Conflict", (Exception,), {"__module__": "telegram.error"})\nraise E("${CONFLICT}")`,
      ],
      [
        'aiogram',
        'python3',
        `E = type("TelegramConflictError", (Exception,), {"__module__": "aiogram.exceptions"})\nraise E("Telegram server says - ${CONFLICT}")`,
      ],
      ['telegraf', 'node', `class TelegramError extends Error {}\nthrow new TelegramError("409: ${CONFLICT}")`],
      [
        'grammY',
        'node',
        `class GrammyError extends Error {}\nthrow Object.assign(new GrammyError("Call to 'getUpdates' failed! (409: ${CONFLICT})"), { error_code: 409 })`,
      ],
      [
        'a bare line',
        'python3',
        `import sys\nprint("telegram.error.Conflict: ${CONFLICT}", file=sys.stderr)\nsys.exit(1)`,
      ],
    ])('advises to wait: %s', async (_, interpreter, program) => {
      const diagnosis = await diagnose(interpreter, program);
      expect(diagnosis).toMatchObject({ cause: 'rate-limited', remedy: 'wait' });
      expect(diagnosis.line).toContain(CONFLICT);
      expect(diagnosis.advice).toContain('Another instance polls with the same token');
    });
  });

  describe('by a missing module', () => {
    it('advises to install it for the python that ran', async () => {
      const mark = await programs.log.mark('agent');
      const end = run('python3', 'import no_such_module_1.sub');
      const program = { program: '/srv/agents/.venv/bin/python', folder: '/srv/agents' };
      const { advice } = await programs.diagnostician.gather({
        agentId: 'agent',
        ...end,
        mark,
        secrets: [],
        program,
        variables: null,
      });
      expect(advice).toContain('/srv/agents/.venv/bin/python -m pip install no_such_module_1');
    });

    it('advises to install it in the folder of the entry point, for Node', async () => {
      const mark = await programs.log.mark('agent');
      const end = run('node', 'import "no-such-package"');
      const program = { program: process.execPath, folder: '/srv/agents' };
      const { advice } = await programs.diagnostician.gather({
        agentId: 'agent',
        ...end,
        mark,
        secrets: [],
        program,
        variables: null,
      });
      expect(advice).toContain('cd /srv/agents && npm install no-such-package');
    });
  });

  it('names the signal', async () => {
    const diagnosis = await diagnose('python3', 'import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)');
    expect(diagnosis).toMatchObject({ cause: 'killed-by-signal', signal: 'SIGSEGV', exitCode: null });
  });

  it('masks values of the environment wherever they appear', async () => {
    const program = 'import os\nraise ValueError("key " + os.environ["MY_KEY"] + " is not good")';
    const diagnosis = await diagnose('python3', program, { MY_KEY: SECRET });
    expect(diagnosis.line).toBe('ValueError: key *** is not good');
    expect(JSON.stringify(diagnosis)).not.toContain(SECRET);
  });
  it.each([
    ['during the run and within seconds', 1, 1, 'out-of-memory'],
    ['during the run, but long before its end', 1, 0, 'killed-by-signal'],
    ['within seconds, but before the launch', 0, 1, 'killed-by-signal'],
    ['never', 0, 0, 'killed-by-signal'],
  ])('of a SIGKILL considers an out-of-memory kill that the kernel counted %s', async (_, duringRun, recent, cause) => {
    const mark = await programs.log.mark('agent');
    programs.kernel.count += duringRun;
    programs.kernel.recent = recent;
    expect(await gather({ exitCode: null, signal: 'SIGKILL' }, mark)).toMatchObject({ cause });
  });
});
