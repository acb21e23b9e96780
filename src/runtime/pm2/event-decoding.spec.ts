import fc from 'fast-check';
import type { RuntimeSignal } from '../process-runtime';
import type { BusTopic } from './bus';
import { EventDecoder } from './event-decoding';

const DAEMON = { pid: 99, startTime: 1 };
const RUN = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** PM2's record of a process as it stands in a packet: with the environment of the agent at top level. */
const record = (changes: object = {}) => ({
  name: 'a',
  namespace: 'agents',
  pm_id: 3,
  status: 'stopped',
  pm_uptime: 1_000,
  unique_id: 'u1',
  exit_code: 0,
  restart_time: 0,
  AGENT_RUN_ID: RUN,
  AGENT_TOKEN: 'secret-token',
  OPENAI_API_KEY: 'secret-key',
  ...changes,
});

type Packet = readonly [BusTopic, unknown];

const event = (name: string, process: object = record(), more: object = {}): Packet => [
  'process:event',
  { event: name, manually: false, at: 5_000, process, ...more },
];
const manually = (name: string, process: object = record()) => event(name, process, { manually: true });
const line = (text: string): Packet => ['log:PM2', { at: 1, data: text, process: { pm_id: 'PM2' } }];
const exitLine = (code: number, signal: string, pmId = 3) =>
  line(`App [a:${pmId}] exited with code [${code}] via signal [${signal}]\n`);

function signalsOf(...packets: readonly Packet[]): RuntimeSignal[] {
  const decoder = new EventDecoder(DAEMON);
  return packets.flatMap(([topic, packet]) => decoder.decode(topic, packet) ?? []);
}

const exited = (changes: object = {}) => ({
  kind: 'exited',
  agentId: 'a',
  runId: RUN,
  pmId: 3,
  upSince: 1_000,
  exitCode: 0,
  signal: null,
  ordered: false,
  ...changes,
});
const stopped = { kind: 'operator-stopped', agentId: 'a', pmId: 3, upSince: 1_000, at: 5_000 };
const online = { kind: 'came-online', agentId: 'a', pmId: 3, upSince: 1_000 };
const started = { kind: 'operator-started', agentId: 'a', pmId: 3, upSince: 1_000 };

const stopping = record({ status: 'stopping' });
const ended = record({ status: 'stopped' });

describe('what PM2 tells', () => {
  it.each<[string, Packet[], object[]]>([
    ['a crash', [exitLine(1, 'SIGINT'), event('exit', record({ exit_code: 1 }))], [exited({ exitCode: 1 })]],
    [
      'a stop in the shell',
      [exitLine(0, 'SIGTERM'), event('exit', stopping), event('exit', ended), manually('stop')],
      [exited({ ordered: true, signal: 'SIGTERM' }), stopped],
    ],
    [
      'a restart in the shell',
      [
        exitLine(0, 'SIGTERM'),
        event('exit', stopping),
        event('exit', ended),
        event('online', record({ status: 'online', pm_uptime: 2_000 })),
        manually('restart', record({ status: 'online', pm_uptime: 2_000 })),
      ],
      [exited({ ordered: true, signal: 'SIGTERM' }), { ...online, upSince: 2_000 }, { ...started, upSince: 2_000 }],
    ],
    [
      'a delete in the shell',
      [exitLine(0, 'SIGTERM'), event('exit', stopping), event('exit', ended)],
      [exited({ ordered: true, signal: 'SIGTERM' })],
    ],
    ['a stop of what was stopped', [manually('stop')], [stopped]],
    ['a start of what was stopped', [event('online'), manually('restart')], [online, started]],
    ['our own launch', [event('online'), event('start'), manually('start')], [online]],
    ['PM2 itself stopping something', [event('stop'), event('restart')], []],
    [
      'the end of the daemon',
      [event('exit', stopping), ['pm2:kill', { msg: 'killed' }]],
      [exited({ ordered: true }), { kind: 'daemon-ending', daemon: DAEMON }],
    ],
  ])('of %s becomes what it means', (_cause, packets, signals) => {
    expect(signalsOf(...packets)).toEqual(signals);
  });

  it('never carries on what else stands in a packet', () => {
    const told = signalsOf(exitLine(0, 'SIGKILL'), event('exit'), manually('stop'), manually('restart'));
    expect(told).toHaveLength(3);
    expect(JSON.stringify(told)).not.toContain('secret');
  });
});

describe('an exit that is told twice', () => {
  it('is one exit', () => {
    expect(signalsOf(event('exit', stopping), event('exit', ended), event('exit', ended))).toHaveLength(1);
  });

  it.each([
    ['after a restart in the shell, which keeps the id', { pm_uptime: 2_000 }],
    ['after a launch of ours in the same moment', { unique_id: 'u2' }],
    ['of another entry', { pm_id: 4 }],
  ])('is another one %s', (_when, changes) => {
    expect(signalsOf(event('exit'), event('exit', record(changes)))).toHaveLength(2);
  });
});

describe('the line of the daemon before an exit', () => {
  it.each([
    ['SIGKILL', 'SIGKILL'],
    ['SIGSEGV', 'SIGSEGV'],
    // PM2 prints it where there was no signal.
    ['SIGINT', null],
  ])('with %s is evidence of %s', (printed, signal) => {
    expect(signalsOf(exitLine(0, printed), event('exit'))).toEqual([exited({ signal })]);
  });

  it('says which code it was, rather than the packet', () => {
    expect(signalsOf(exitLine(137, 'SIGINT'), event('exit'))).toEqual([exited({ exitCode: 137 })]);
    expect(signalsOf(exitLine(-1, 'SIGINT'), event('exit'))).toEqual([exited({ exitCode: -1 })]);
  });

  it('is no evidence of a signal where there was an exit code', () => {
    expect(signalsOf(exitLine(1, 'SIGTERM'), event('exit'))).toEqual([exited({ exitCode: 1, signal: null })]);
  });

  it('counts for its own entry, and for one exit', () => {
    expect(signalsOf(exitLine(0, 'SIGKILL', 4), event('exit'))).toEqual([exited()]);
    const next = record({ pm_uptime: 2_000 });
    expect(signalsOf(exitLine(0, 'SIGKILL'), event('exit'), event('exit', next))).toEqual([
      exited({ signal: 'SIGKILL' }),
      exited({ upSince: 2_000 }),
    ]);
  });

  it.each([
    'App [a:3] online',
    'App name:a id:3 disconnected',
    'x App [a:3] exited with code [0] via signal [SIGKILL]',
    'App [a:x] exited with code [0] via signal [SIGKILL]',
    'App [a:3] exited with code [] via signal [SIGKILL]',
    '',
  ])('is none where it says something else: %j', (text) => {
    expect(signalsOf(line(text), event('exit'))).toEqual([exited()]);
  });

  it('is read whatever name stands in it', () => {
    const text = 'App [a:b]:c [d:3] exited with code [0] via signal [SIGKILL]';
    expect(signalsOf(line(text), event('exit'))).toEqual([exited({ signal: 'SIGKILL' })]);
  });
});

describe('the word of the system on a launch that led to no process', () => {
  const spawnError = (program: string, code: string) =>
    line(`Error: spawn ${program} ${code}\n    at ChildProcess._handle`);

  /** What is known of a program after these packets; asked twice. */
  function errorsOf(program: string, ...packets: readonly Packet[]): (string | null)[] {
    const decoder = new EventDecoder(DAEMON);
    for (const [topic, packet] of packets) decoder.decode(topic, packet);
    return [decoder.takeSpawnError(program), decoder.takeSpawnError(program)];
  }

  it('is kept for its program, the last one, and told once', () => {
    const said = [spawnError('/bin/a', 'ENOENT'), spawnError('/bin/b', 'EMFILE'), spawnError('/bin/a', 'EACCES')];
    expect(errorsOf('/bin/a', ...said)).toEqual(['EACCES', null]);
    expect(errorsOf('/bin/b', ...said)).toEqual(['EMFILE', null]);
    expect(errorsOf('/bin/c', ...said)).toEqual([null, null]);
  });

  it('is found below other lines, and may be about a program with blanks in its name', () => {
    expect(errorsOf('/opt/my tools/a', line('PM2 error\nError: spawn /opt/my tools/a EACCES\n'))).toEqual([
      'EACCES',
      null,
    ]);
  });

  it.each(['spawn /bin/a ENOENT', 'Error: spawn /bin/a', 'Error: spawn /bin/a failed', 'Error: kill /bin/a ESRCH'])(
    'is none where it is something else: %j',
    (text) => {
      expect(errorsOf('/bin/a', line(text))).toEqual([null, null]);
    },
  );

  it('is no evidence of an exit, and the line of an exit is no such word', () => {
    expect(signalsOf(spawnError('/bin/a', 'ENOENT'), event('exit'))).toEqual([exited()]);
    expect(errorsOf('a', exitLine(0, 'SIGKILL'))).toEqual([null, null]);
  });
});

describe('what is left out of a packet', () => {
  it('is not known: no run, no code, no time', () => {
    const bare = { name: 'a', namespace: 'agents', pm_id: 3 };
    expect(signalsOf(event('exit', bare))).toEqual([exited({ runId: null, upSince: 0, exitCode: null })]);
    expect(signalsOf(event('exit', { ...bare, exit_code: null }))).toEqual([
      exited({ runId: null, upSince: 0, exitCode: null }),
    ]);
    expect(signalsOf(['process:event', { event: 'stop', manually: true, process: bare }])).toEqual([
      { ...stopped, upSince: 0, at: 0 },
    ]);
  });
});

describe('a packet that is none of our business', () => {
  it.each(['default', 'agents2', '', undefined])('is one of the namespace %j', (namespace) => {
    const theirs = record({ namespace });
    expect(signalsOf(event('exit', theirs), manually('stop', theirs), manually('restart', theirs))).toEqual([]);
  });

  it.each([
    undefined,
    null,
    5,
    'exit',
    [],
    {},
    { event: 'exit' },
    { event: 'exit', process: null },
    { event: 'exit', process: [] },
    { event: 5, process: record() },
    { event: 'exit', process: record({ pm_id: '3' }) },
    { event: 'exit', process: record({ name: {} }) },
    { event: 'exit', process: record({ AGENT_RUN_ID: 5 }) },
    { event: 'exit', process: record({ pm_uptime: 'now' }) },
    { event: '__proto__', manually: true, process: record() },
    { event: 'stop', manually: 'yes', process: record() },
  ])('is one of another form: %j', (packet) => {
    expect(signalsOf(['process:event', packet], ['log:PM2', packet])).toEqual([]);
  });

  it('never throws, whatever it is, and does not keep the next one from being heard', () => {
    fc.assert(
      fc.property(fc.anything(), (packet) => {
        const told = signalsOf(['process:event', packet], ['log:PM2', packet], event('exit'));
        expect(told).toEqual([exited()]);
      }),
    );
  });
});
