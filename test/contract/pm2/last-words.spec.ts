import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { Pm2Home } from '../../../src/processes/pm2/pm2-home';
import { makeRawPm2, type RawPm2 } from '../../support/raw-pm2';
import { until } from '../../support/until';

const STREAMS = ['stdout', 'stderr'] as const;
const LARGE = 300_000;
/** Programs that print one line to each stream and exit with 3, and how many of each run. */
const PROGRAMS = [
  {
    ...{ language: 'sh', count: 100, program: '/bin/sh' },
    args: ['-c', 'echo "the end" >&2; echo "the end"; exit 3'],
  },
  {
    ...{ language: 'Python', count: 20, program: 'python3' },
    args: ['-c', 'import sys; print("the end", file=sys.stderr); print("the end"); sys.exit(3)'],
  },
  {
    ...{ language: 'Node', count: 20, program: process.execPath },
    args: ['-e', 'console.error("the end"); console.log("the end"); process.exitCode = 3;'],
  },
] as const;
/** Prints much and exits: far more than the pipe holds, so that the daemon is still busy with it at the exit. */
const PRINTS_MUCH = `const text = 'x'.repeat(${LARGE}) + '\\nthe end\\n';
const { writeSync } = require('node:fs');
const print = (fd, rest) => { while (rest !== '') rest = rest.slice(write(fd, rest)); };
const write = (fd, rest) => {
  try { return writeSync(fd, rest); } catch (error) { if (error.code !== 'EAGAIN') throw error; return 0; }
};
`;
const LARGE_THEN_EXIT = `${PRINTS_MUCH}print(1, text); print(2, text); process.exit(3);\n`;
const LARGE_AT_SIGTERM = `${PRINTS_MUCH}process.on('SIGTERM', () => {
  print(1, text); print(2, text); process.exit(0);
});
setInterval(() => {}, 1_000);
print(1, 'ready\\n');
`;

/** Verifies that the daemon preload keeps them, and that PM2 7.0.4 alone does not (docs/adr/0012). */
describe('the last words of a program that prints and exits at once', () => {
  let pm2: RawPm2;

  afterEach(() => pm2.destroy());

  const file = (name: string, stream: (typeof STREAMS)[number]) =>
    new Pm2Home(pm2.home.pm2Home).outputFile(name, stream);
  const read = (name: string, stream: (typeof STREAMS)[number]) => {
    try {
      return readFileSync(file(name, stream), 'utf8');
    } catch {
      return '';
    }
  };
  const hasEnd = (name: string) => STREAMS.every((stream) => read(name, stream).endsWith('the end\n'));
  const isComplete = (name: string) =>
    STREAMS.every((stream) => read(name, stream).endsWith(`${'x'.repeat(LARGE)}\nthe end\n`));
  const areLogged = (names: readonly string[], has: (name: string) => boolean) => {
    const lost = () => names.filter((name) => !has(name));
    return until(
      () => lost().length === 0,
      () => `the last words are logged; lost by ${lost().join(', ')}`,
    );
  };
  const exits = () =>
    pm2.packets.flatMap(({ topic, body }) => {
      const { event, process } = body as { event: string; process: { name: string } };
      return topic === 'process:event' && event === 'exit' ? [process.name] : [];
    });
  /** Returns the logs that the daemon has open. */
  const openLogs = () => {
    const folder = `/proc/${pm2.home.daemonPid() ?? 0}/fd`;
    return readdirSync(folder).flatMap((fd) => {
      try {
        const target = readlinkSync(path.join(folder, fd));
        return target.startsWith(path.join(pm2.home.pm2Home, 'logs')) ? [path.basename(target)] : [];
      } catch {
        return [];
      }
    });
  };
  const areClosed = () =>
    until(
      () => openLogs().length === 0,
      () => `the logs are closed; open: ${openLogs().join(', ')}`,
    );
  const start = (name: string, program: string, args: readonly string[]) =>
    pm2.prepare({ ...pm2.plan(name, program), args, killTimeoutMs: 30_000 });
  /** Starts many programs, ten at a time, and waits for their exits. Returns their names. */
  const runMany = async (count: number, program: string, args: readonly string[], prefix = 'brief') => {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    for (let first = 0; first < count; first += 10) {
      await Promise.all(names.slice(first, first + 10).map((name) => start(name, program, args)));
    }
    await until(() => names.every((name) => exits().includes(name)), 'all programs have exited', 60_000);
    return names;
  };

  describe('under a daemon that the supervisor started', () => {
    beforeEach(async () => {
      pm2 = await makeRawPm2();
    });

    it.each(PROGRAMS)('are in the logs of each of $count programs in $language', async ({ count, program, args }) => {
      await areLogged(await runMany(count, program, args), hasEnd);
      await areClosed();
    });

    it('are complete if they are large', async () => {
      await areLogged(await runMany(20, process.execPath, ['-e', LARGE_THEN_EXIT]), isComplete);
      await areClosed();
    });

    it('are complete if PM2 deletes its entry', async () => {
      const names = ['a', 'b', 'c', 'd', 'e'];
      for (const name of names) await start(name, process.execPath, ['-e', LARGE_AT_SIGTERM]);
      await until(() => names.every((name) => read(name, 'stdout') === 'ready\n'), 'the programs are ready');
      await Promise.all(names.map((_, pmId) => pm2.call('deleteProcessId', pmId, 30_000)));
      await areLogged(names, isComplete);
      await areClosed();
    });

    it('include those of a descendant, until the daemon closes the logs some seconds later', async () => {
      // `kill -0` fails once the daemon has reaped the parent, which is when it reports the exit.
      const waits = 'while kill -0 $$; do sleep 0.01; done 2>/dev/null';
      const script = `(${waits}; echo "the end" >&2; echo "the end"; exec sleep 3600) & exit 3`;
      await start('parent', '/bin/sh', ['-c', script]);
      await areLogged(['parent'], hasEnd);
      await areClosed();
    });
  });

  it('are lost by some programs under a daemon that a shell started', async () => {
    pm2 = await makeRawPm2(({ inShell }) => inShell('ping'));
    const lost: string[] = [];
    for (let round = 0; round < 10 && lost.length === 0; round += 1) {
      const names = await runMany(20, process.execPath, ['-e', LARGE_THEN_EXIT], `round-${round}`);
      await areClosed();
      lost.push(...names.filter((name) => !isComplete(name)));
    }
    expect(lost).not.toEqual([]);
  });
});
