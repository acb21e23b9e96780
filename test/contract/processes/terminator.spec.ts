import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { SystemClock } from '../../../src/config/system-clock';
import { createProcessInspector } from '../../../src/processes';
import { Terminator } from '../../../src/processes/terminator';
import { makeTempFolder } from '../../support/temp-folder';
import { until } from '../../support/until';

const COUNTS_TERMS = 'trap \'echo term >> "$0"\' TERM; echo up > "$0.up"; while :; do sleep 0.02; done';

/** Tests the terminator with real processes and signals. */
describe('the terminator', () => {
  const inspector = createProcessInspector();
  const makeTerminator = () =>
    new Terminator({ clock: new SystemClock(), inspector, key: Buffer.alloc(32), spared: () => [process.pid] });
  const children: ChildProcess[] = [];
  const folder = makeTempFolder();

  afterAll(() => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    folder.remove();
  });

  async function startTrap(name: string) {
    const file = folder.at(name);
    const child = spawn('/bin/sh', ['-c', COUNTS_TERMS, file], { detached: true, stdio: 'ignore' });
    children.push(child);
    await until(() => existsSync(`${file}.up`), 'the process traps SIGTERM');
    const facts = inspector.facts(child.pid ?? 0);
    if (facts === null) throw new Error('the process has exited already');
    return { leader: facts, terms: () => readFileSync(file, 'utf8').split('\n').filter(Boolean).length, child };
  }

  it('sends one SIGTERM per process for any number of attempts, then SIGKILL after the timeout', async () => {
    const terminator = makeTerminator();
    const { leader, terms, child } = await startTrap('deaf');
    const attempts = [terminator.terminate(leader, null, 500), terminator.terminate(leader, null, 500)];
    expect(await Promise.all(attempts)).toEqual([{ kind: 'gone' }, { kind: 'gone' }]);
    await until(() => child.signalCode !== null, 'the exit is known');
    expect([child.signalCode, terms()]).toEqual(['SIGKILL', 1]);
  });

  it('kills at once if the timeout is over since the SIGTERM of an earlier attempt', async () => {
    const terminator = makeTerminator();
    const { leader, terms } = await startTrap('patient');
    const patient = terminator.terminate(leader, null, 600_000);
    await until(() => terms() === 1, 'it got SIGTERM');
    expect(await terminator.terminate(leader, null, 0)).toEqual({ kind: 'gone' });
    expect(await patient).toEqual({ kind: 'gone' });
    expect(terms()).toBe(1);
  });
});
