import { readFileSync } from 'node:fs';
import { isProblem } from '../../../src/kernel';
import { evaluateEcosystem } from '../../../src/cli/import/ecosystem-file';
import { SystemClock } from '../../../src/config';
import { FakeClock } from '../../support/fake-clock';
import { makeTempFolder, type TempFolder } from '../../support/temp-folder';
import { until } from '../../support/until';

const PLAIN = { apps: [{ name: 'a', script: 'a.js' }] };

describe('an ecosystem file', () => {
  let folder: TempFolder;

  beforeAll(() => {
    folder = makeTempFolder();
  });

  afterAll(() => {
    folder.remove();
  });

  function evaluate(name: string, content: string, clock = new SystemClock()) {
    folder.file(name, content);
    return evaluateEcosystem(folder.at(name), clock);
  }
  async function faultOf(promise: Promise<unknown>): Promise<string> {
    const error = await promise.then(
      () => null,
      (reason: unknown) => reason,
    );
    return isProblem(error, 'invalid-request') ? error.detail : `not refused: ${String(error)}`;
  }

  it('may be in any form that PM2 accepts', async () => {
    const cases: [string, string][] = [
      ['ecosystem.config.js', `module.exports = { apps: [{ name: 'a', script: 'a.js' }] };`],
      [
        'other.config.cjs',
        `const path = require('node:path'); module.exports = { apps: [{ name: 'a', script: path.basename('/x/a.js') }] };`,
      ],
      ['ecosystem.config.mjs', `export default { apps: [{ name: 'a', script: 'a.js' }] };`],
      ['ecosystem.json', `{ /* PM2 allows this */ apps: [{ "name": 'a', script: "a.js" }] }`],
      ['ecosystem.yaml', 'apps:\n  - name: a\n    script: a.js\n'],
      ['ecosystem.yml', 'apps: [{ name: a, script: a.js }]'],
    ];
    await Promise.all(
      cases.map(async ([name, content]) => {
        expect([name, await evaluate(name, content)]).toEqual([name, PLAIN]);
      }),
    );
  });

  it('may print, leave timers behind, and read its folder and environment', async () => {
    const content = `
      setInterval(() => undefined, 1000);
      console.log('{"content": {}}');
      console.error('loud');
      module.exports = { path: process.env.PATH, cwd: process.cwd(), call() {} };
    `;
    expect(await evaluate('loud.config.js', content)).toEqual({ path: process.env.PATH, cwd: folder.root });
  });

  it('that is wrong is refused, by what is wrong with it', async () => {
    const cases: [string, string, RegExp][] = [
      [
        'throws.config.js',
        `throw new Error('no \\u001b[31mkey');`,
        /throws\.config\.js cannot be evaluated: no key\. /,
      ],
      ['syntax.config.js', 'module.exports = {', /cannot be evaluated: Unexpected end of input/],
      ['exits.config.js', 'process.exit(0);', /cannot be evaluated: it ended the process that evaluates it/],
      ['large.config.js', `module.exports = 'x'.repeat(5_000_000);`, /it exports more than 4 MB/],
      ['circular.config.js', 'module.exports = {}; module.exports.self = module.exports;', /circular/],
      ['broken.json', '{ apps: [', /broken\.json cannot be evaluated/],
      ['broken.yaml', 'apps: [', /broken\.yaml cannot be evaluated/],
      ['program.js', '', /is no ecosystem file to PM2: its name must contain \.json/],
    ];
    await Promise.all(
      cases.map(async ([name, content, why]) => {
        expect(await faultOf(evaluate(name, content))).toMatch(why);
      }),
    );
    expect(await faultOf(evaluateEcosystem(folder.at('none.json'), new SystemClock()))).toMatch(
      /none\.json does not exist/,
    );
  });

  it('that never ends is killed after 10 s, with what it started', async () => {
    const clock = new FakeClock();
    const pids = folder.at('pids');
    const content = `
      const { spawn } = require('node:child_process');
      const { pid } = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
      require('node:fs').writeFileSync(${JSON.stringify(`${pids}.draft`)}, [process.pid, pid].join());
      require('node:fs').renameSync(${JSON.stringify(`${pids}.draft`)}, ${JSON.stringify(pids)});
      for (;;);
    `;
    const fault = faultOf(evaluate('endless.config.js', content, clock as unknown as SystemClock));
    const [own = 0, child = 0] = await until(() => readPids(pids), 'the file is being evaluated');
    await clock.advance(10_000);
    expect(await fault).toMatch(/endless\.config\.js cannot be evaluated: it did not end within 10 s/);
    await until(() => [own, child].every((pid) => !isAlive(pid)), 'both processes are gone');
  });
});

function readPids(file: string): number[] | null {
  try {
    return readFileSync(file, 'utf8').split(',').map(Number);
  } catch {
    return null;
  }
}

/** A zombie counts as gone: the test's own pid 1 may reap slowly. */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
