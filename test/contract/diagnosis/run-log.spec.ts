import {
  appendFileSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { useDiagnosedPrograms } from '../../support/diagnosed-programs';

describe('the diagnosis of an exit reads the log of this run only:', () => {
  const programs = useDiagnosedPrograms();
  const { run, gather, diagnose, errorLog } = programs;
  const OTHER = "ModuleNotFoundError: No module named 'of-long-ago'\n";
  const FATAL = 'raise ValueError("this one")';

  it('ignores 5,000 older lines', async () => {
    writeFileSync(errorLog(), OTHER.repeat(5_000));
    expect((await diagnose('python3', FATAL)).line).toBe('ValueError: this one');
  });

  it('ignores an earlier run even if this run wrote nothing', async () => {
    writeFileSync(errorLog(), `Traceback (most recent call last):\n  File "x"\n${OTHER}`);
    expect(await diagnose('python3', 'import os\nos._exit(7)')).toMatchObject({
      ...{ cause: 'unknown', line: 'exited with code 7' },
    });
  });

  it('follows a rotation by rename', async () => {
    writeFileSync(errorLog(), OTHER.repeat(50));
    const mark = await programs.log.mark('agent');
    const end = run('python3', FATAL);
    renameSync(errorLog(), programs.folder.at('agent-error__2026.log'));
    writeFileSync(errorLog(), '');
    expect((await gather(end, mark)).line).toBe('ValueError: this one');
  });

  it('follows a truncation in place', async () => {
    writeFileSync(errorLog(), OTHER.repeat(500));
    const mark = await programs.log.mark('agent');
    truncateSync(errorLog(), 0);
    expect((await gather(run('python3', FATAL), mark)).line).toBe('ValueError: this one');
  });

  it('reads the last 64 kB of a long log', async () => {
    const mark = await programs.log.mark('agent');
    writeFileSync(errorLog(), 'x'.repeat(5_000_000));
    appendFileSync(errorLog(), '\n');
    expect((await gather(run('python3', FATAL), mark)).line).toBe('ValueError: this one');
    expect((await programs.log.since('agent', mark)).stderr.length).toBeLessThanOrEqual(65_536);
  });

  it('finds a reason that a dump pushed out of the last 64 kB', async () => {
    const program = `raise ConnectionRefusedError('the broker is down\\n' + '  member of a dump\\n' * 20_000)`;
    expect(await diagnose('python3', program)).toMatchObject({
      ...{ cause: 'network', line: 'ConnectionRefusedError: the broker is down' },
    });
  });

  it('reads so far back once for each exit that stays unexplained', async () => {
    const reads = jest.spyOn(programs.log, 'since');
    await diagnose('python3', `import sys\nprint('  member of a dump\\n' * 20_000, file=sys.stderr)\nsys.exit(3)`);
    expect(reads.mock.calls.filter(([, , isDeep]) => isDeep === true)).toHaveLength(1);
  });

  it('reads so far back for a few agents only, if many fail together', async () => {
    const program = `raise ConnectionRefusedError('the broker is down\\n' + '  member of a dump\\n' * 5_000)`;
    const causes: string[] = [];
    for (let count = 0; count < 6; count += 1) causes.push((await diagnose('python3', program)).cause);
    expect(causes.filter((cause) => cause === 'network')).toHaveLength(4);
  });

  it('waits briefly for output that arrives after the exit', async () => {
    const mark = await programs.log.mark('agent');
    const end = run('python3', FATAL);
    const output = readFileSync(errorLog(), 'utf8');
    writeFileSync(errorLog(), '');
    setTimeout(() => {
      appendFileSync(errorLog(), output);
    }, 60);
    expect((await gather(end, mark)).line).toBe('ValueError: this one');
  });

  it('never follows a link', async () => {
    const mark = await programs.log.mark('agent');
    const end = run('python3', FATAL);
    unlinkSync(errorLog());
    writeFileSync(programs.folder.at('elsewhere'), `Traceback (most recent call last):\n${OTHER}`);
    symlinkSync(programs.folder.at('elsewhere'), errorLog());
    expect(await gather(end, mark)).toMatchObject({ cause: 'unknown' });
    expect(path.basename(errorLog())).toBe('agent-error.log');
  });
});
