import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Problem } from '../../kernel';
import { MacProcessInspector } from './mac-process-inspector';

const fixture = (name: string) => readFileSync(path.resolve(__dirname, '../../../test/fixtures/ps', name), 'utf8');
const BOOT = '40962879-B7EE-4F13-AF6E-E7266EF5E732';
const STARTED = Date.UTC(2026, 11, 2, 0, 0, 0) / 1000;

/** A Mac whose ps and sysctl print the fixtures, in which the test process is listed. */
class Mac {
  readonly calls: string[] = [];
  processes = fixture('macos-processes.txt').split('\n');
  commands = fixture('macos-commands.txt').split('\n');
  failure: Error | null = null;
  readonly inspector = new MacProcessInspector((program, args) => this.run(program, args));

  constructor() {
    this.processes.push(`${process.pid} 812 812 R+ Thu Nov 26 10:00:00 2026`);
  }

  private run(program: string, args: readonly string[]): string {
    this.calls.push([program, ...args].join(' '));
    if (this.failure !== null) throw this.failure;
    if (program === '/usr/sbin/sysctl') return `${BOOT}\n`;
    const lines = args.includes('command=') ? this.commands : this.processes;
    if (args.includes('-A')) return lines.join('\n');
    const line = lines.find((each) => each.trimStart().startsWith(`${args.at(-1)} `));
    if (line === undefined) throw Object.assign(new Error('failed'), { status: 1, stdout: '', stderr: '' });
    return `${line}\n`;
  }
}

let mac: Mac;
beforeEach(() => {
  mac = new Mac();
});

/** Waits for the next step of the event loop, in which the cached scan is gone. */
const nextStep = () => Promise.resolve();

describe('the process table of macOS', () => {
  it('shows live processes and no zombies', () => {
    const { inspector } = mac;
    expect(inspector.facts(902)).toEqual({ pid: 902, parentPid: 901, sessionId: 902, startTime: STARTED });
    expect([inspector.facts(905), inspector.facts(4_000)]).toEqual([null, null]);
    expect(inspector.all()).toHaveLength(13);
    expect(inspector.children(901)).toEqual([902, 904, 907, 99998]);
    expect(inspector.environment(901)?.get('PM2_HOME')).toBe('/Users/ada/.pm2');
    expect([inspector.environment(903), inspector.environment(905), inspector.environment(4_000)]).toEqual([
      ...[null, null, null],
    ]);
    expect(inspector.valuesOf(902, 'AGENT_TOKEN')).toHaveLength(3);
  });

  it('identifies a process by its start time', () => {
    const { inspector } = mac;
    expect(inspector.isAlive({ pid: 902, startTime: STARTED })).toBe(true);
    expect(inspector.isAlive({ pid: 902, startTime: STARTED - 1 })).toBe(false);
    expect(inspector.isAlive({ pid: 902, startTime: null })).toBe(false);
    expect(inspector.isAlive({ pid: 4_000, startTime: STARTED })).toBe(false);
    expect(inspector.isAlive({ pid: 905, startTime: STARTED + 3 })).toBe(false);
  });

  it('reads the boot ID once', () => {
    expect([mac.inspector.bootId(), mac.inspector.bootId()]).toEqual([BOOT, BOOT]);
    expect(mac.calls).toEqual(['/usr/sbin/sysctl -n kern.bootsessionuuid']);
  });
});

describe('a scan', () => {
  const COLUMNS = '-o pid= -o ppid= -o pgid= -o stat= -o lstart=';

  it('serves one step of the event loop with two calls of ps, for any number of processes', async () => {
    for (const { pid } of mac.inspector.all()) {
      mac.inspector.facts(pid);
      mac.inspector.valuesOf(pid, 'AGENT_TOKEN');
    }
    // The fixture has no command for the test process itself.
    const forAll = mac.calls.filter((call) => !call.includes(' -p '));
    expect(forAll).toEqual([`/bin/ps -A ${COLUMNS}`, '/bin/ps -A -E -ww -o pid= -o command=']);
    await nextStep();
    mac.inspector.facts(902);
    expect(mac.calls.at(-1)).toBe(`/bin/ps -A ${COLUMNS}`);
  });

  it('is repeated within the same step for all processes, or for children', () => {
    mac.inspector.facts(902);
    mac.processes = mac.processes.filter((line) => !line.startsWith('  902'));
    expect(mac.inspector.facts(902)).not.toBeNull();
    expect(mac.inspector.children(901)).not.toContain(902);
    expect(mac.inspector.facts(902)).toBeNull();
    mac.processes.push('  908   901   908 Ss   Wed Dec  2 01:00:00 2026    ');
    expect(mac.inspector.all().map(({ pid }) => pid)).toContain(908);
  });

  it('reads the environments again when it is repeated', () => {
    mac.inspector.all();
    expect(mac.inspector.valuesOf(904, 'AGENT_ID')).toEqual(['two']);
    mac.commands = ['904 other AGENT_ID=other'];
    mac.inspector.all();
    expect(mac.inspector.valuesOf(904, 'AGENT_ID')).toEqual(['other']);
  });

  it('is not used by isAlive, which always reads the process itself', () => {
    mac.inspector.all();
    mac.processes = ['  902   901   902 Ss   Wed Dec  2 07:00:00 2026    '];
    expect(mac.inspector.isAlive({ pid: 902, startTime: STARTED })).toBe(false);
    expect(mac.calls.at(-1)).toBe(`/bin/ps ${COLUMNS} -p 902`);
  });

  it('is followed by a read of a single process that it did not contain', () => {
    mac.inspector.all();
    mac.processes.push('  908   901   908 Ss   Wed Dec  2 01:00:00 2026    ');
    mac.commands.push('908 node AGENT_ID=late');
    expect(mac.inspector.facts(908)?.sessionId).toBe(908);
    expect(mac.inspector.environment(908)?.get('AGENT_ID')).toBe('late');
  });
});

describe('a ps that fails', () => {
  const everything: [string, (mac: Mac) => unknown][] = [
    ['facts', ({ inspector }) => inspector.facts(902)],
    ['isAlive', ({ inspector }) => inspector.isAlive({ pid: 902, startTime: STARTED })],
    ['all', ({ inspector }) => inspector.all()],
    ['children', ({ inspector }) => inspector.children(901)],
    ['environment', ({ inspector }) => inspector.environment(902)],
    ['bootId', ({ inspector }) => inspector.bootId()],
  ];
  const errorOf = (call: (mac: Mac) => unknown): unknown => {
    try {
      call(mac);
    } catch (error) {
      return error;
    }
    throw new Error('the call did not fail');
  };

  it.each(everything)('makes %s throw, because a failed scan must not look like an empty table', (_name, call) => {
    mac.failure = Object.assign(new Error('spawnSync /bin/ps ETIMEDOUT'), { status: null, stdout: '', stderr: '' });
    expect(errorOf(call)).toBeInstanceOf(Problem);
    expect(errorOf(call)).toMatchObject({
      code: 'process-manager-unavailable',
      detail: 'The process table cannot be read: spawnSync /bin/ps ETIMEDOUT. The supervisor retries.',
    });
  });

  it('is distinguished from one that found no process by its error output', () => {
    mac.failure = Object.assign(new Error('ps: illegal option'), { status: 1, stdout: '', stderr: 'usage: ps\n' });
    expect(errorOf(({ inspector }) => inspector.facts(902))).toBeInstanceOf(Problem);
  });

  it('throws on another format instead of returning an empty table', () => {
    mac.processes = mac.processes.map((line) => line.replace('2026', '26'));
    expect(() => mac.inspector.all()).toThrow('the output of ps lacks the supervisor itself');
    expect(errorOf(({ inspector }) => inspector.isAlive({ pid: 902, startTime: STARTED }))).toBeInstanceOf(Problem);
  });
});
