import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeRawPm2, type RawPm2 } from '../../support/raw-pm2';
import { until } from '../../support/until';

/** Prints nothing, and exits with 0 once the file `end` exists. SIGINT kills it. */
const PROGRAM = `const { existsSync, writeFileSync } = require('node:fs');
setInterval(() => { if (existsSync('end')) process.exit(0); }, 20);
writeFileSync('ready', '');
`;

/** How the program exits. */
type End = 'exit 0' | 'SIGINT' | 'SIGHUP';

/**
 * Everything that a daemon without our preload publishes, lists and logs about an exit. If a version of PM2 makes this
 * test fail, a death by SIGINT has become distinguishable there (docs/adr/0008).
 */
describe("a daemon that PM2's command line started", () => {
  let pm2: RawPm2;

  beforeAll(async () => {
    pm2 = await makeRawPm2(({ inShell }) => inShell('ping'));
    pm2.home.program('agent.js', PROGRAM);
  });
  afterAll(() => pm2.destroy());

  const file = (name: string) => path.join(pm2.home.agentsDir, name);
  const readLog = () => readFileSync(path.join(pm2.home.pm2Home, 'pm2.log'), 'utf8');

  /** Runs the program once. Returns what the daemon shows of it, without pids, ids and times. */
  async function traceOf(end: End): Promise<string[]> {
    for (const name of ['ready', 'end']) rmSync(file(name), { force: true });
    const logged = readLog().length;
    pm2.packets.length = 0;
    const plan = { ...pm2.plan('one', process.execPath), runId: 'run', args: [file('agent.js')] };
    await pm2.prepare(plan);
    await until(() => existsSync(file('ready')), 'the program is ready');
    const pid = (await pm2.list())[0]?.pid ?? 0;
    if (end === 'exit 0') writeFileSync(file('end'), '');
    else process.kill(pid, end);
    // A list during the exit would itself add to the log.
    await until(() => JSON.stringify(pm2.packets).includes('"event":"exit"'), 'the exit is published');
    const [entry] = await pm2.list();
    const shown = [...pm2.packets.map((packet) => JSON.stringify(packet)), JSON.stringify(entry)];
    const log = readLog().slice(logged).split('\n');
    await pm2.call('deleteProcessId', 0);
    return [...shown, ...log].map((text) =>
      text
        .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')
        .replaceAll(/\d{4}-\d\d-\d\dT[\d:]+/g, 'date')
        .replaceAll(/\d{13}/g, 'time')
        .replaceAll(/"unstable_restarts":\d/g, '"unstable_restarts":n') // depends on the uptime
        .replaceAll(String(pid), 'pid'),
    );
  }

  it('leaves the same trace of a death by SIGINT and of a clean exit: on the bus, in the list and in the log', async () => {
    const [clean, interrupted] = [await traceOf('exit 0'), await traceOf('SIGINT')];
    expect(interrupted).toEqual(clean);
    expect(clean.join('\n')).toContain('exited with code [0] via signal [SIGINT]');
  });

  it('names any other signal in its log', async () => {
    expect((await traceOf('SIGHUP')).join('\n')).toContain('exited with code [0] via signal [SIGHUP]');
  });
});
