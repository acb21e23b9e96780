import {
  DAEMON,
  event,
  exited,
  exitLine,
  line,
  record,
  signalsOf,
  verify,
  type Packet,
} from '../../../test/support/pm2-packets';
import type { BusTopic } from './bus';
import { EventDecoder } from './event-decoder';

describe("the daemon's log line before an exit", () => {
  it.each([
    ['SIGKILL', 'SIGKILL'],
    ['SIGSEGV', 'SIGSEGV'],
    // PM2 prints SIGINT if there was no signal.
    ['SIGINT', null],
  ])('with %s is evidence of the signal %s', (printed, signal) => {
    expect(signalsOf(exitLine(0, printed), event('exit'))).toEqual([exited({ signal })]);
  });

  it('is evidence of SIGINT with the exit code that the daemon preload sets', () => {
    expect(signalsOf(exitLine(130, 'SIGINT'), event('exit'))).toEqual([exited({ exitCode: 130, signal: 'SIGINT' })]);
    expect(signalsOf(exitLine(130, 'SIGTERM'), event('exit'))).toEqual([exited({ exitCode: 130 })]);
  });

  it('takes precedence over the exit code in the packet', () => {
    expect(signalsOf(exitLine(137, 'SIGINT'), event('exit'))).toEqual([exited({ exitCode: 137 })]);
    expect(signalsOf(exitLine(-1, 'SIGINT'), event('exit'))).toEqual([exited({ exitCode: -1 })]);
  });

  it('is no evidence of a signal if there was an exit code', () => {
    expect(signalsOf(exitLine(1, 'SIGTERM'), event('exit'))).toEqual([exited({ exitCode: 1, signal: null })]);
  });

  it('applies to one exit of its own entry', () => {
    expect(signalsOf(exitLine(0, 'SIGKILL', 'a:4'), event('exit'))).toEqual([exited()]);
    // PM2 reuses numbers.
    expect(signalsOf(exitLine(0, 'SIGKILL', 'b:3'), event('exit'))).toEqual([exited()]);
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
  ])('is ignored if it has another form: %j', (text) => {
    expect(signalsOf(line(text), event('exit'))).toEqual([exited()]);
  });

  it('is parsed with any name', () => {
    const name = 'a:b]:c [d';
    const text = `App [${name}:3] exited with code [0] via signal [SIGKILL]`;
    const signals = signalsOf(line(text), event('exit', record({ name })));
    expect(signals).toMatchObject([{ agentId: name, signal: 'SIGKILL' }]);
  });
});

describe('the spawn error of a launch that created no process', () => {
  const spawnError = (program: string, code: string) =>
    line(`Error: spawn ${program} ${code}\n    at ChildProcess._handle`);

  /** Returns the spawn error of a program after these packets, read twice. */
  function errorsOf(program: string, ...packets: readonly Packet[]): (string | null)[] {
    const decoder = new EventDecoder(DAEMON, verify);
    for (const [topic, packet] of packets) decoder.decode(topic, packet);
    return [decoder.takeSpawnError(program), decoder.takeSpawnError(program)];
  }

  it('is kept per program, replaced by a later one, and returned once', () => {
    const said = [spawnError('/bin/a', 'ENOENT'), spawnError('/bin/b', 'EMFILE'), spawnError('/bin/a', 'EACCES')];
    expect(errorsOf('/bin/a', ...said)).toEqual(['EACCES', null]);
    expect(errorsOf('/bin/b', ...said)).toEqual(['EMFILE', null]);
    expect(errorsOf('/bin/c', ...said)).toEqual([null, null]);
  });

  it('is found below other lines, and may concern a program with spaces in its name', () => {
    expect(errorsOf('/opt/my tools/a', line('PM2 error\nError: spawn /opt/my tools/a EACCES\n'))).toEqual([
      'EACCES',
      null,
    ]);
  });

  it.each(['spawn /bin/a ENOENT', 'Error: spawn /bin/a', 'Error: spawn /bin/a failed', 'Error: kill /bin/a ESRCH'])(
    'is ignored if it has another form: %j',
    (text) => {
      expect(errorsOf('/bin/a', line(text))).toEqual([null, null]);
    },
  );

  it('is no evidence of an exit, and an exit line is no spawn error', () => {
    expect(signalsOf(spawnError('/bin/a', 'ENOENT'), event('exit'))).toEqual([exited()]);
    expect(errorsOf('a', exitLine(0, 'SIGKILL'))).toEqual([null, null]);
  });
});

describe('a packet that an agent sends through PM2', () => {
  /** PM2's re-emission of `process.send({ type, data })`. */
  const forged = (type: BusTopic, data: unknown): Packet => [
    type,
    { at: 1, data, process: { pm_id: 3, name: 'a', versioning: null, namespace: 'agents' } },
  ];

  it.each([1, { status: 'killed', msg: 'pm2 has been killed via CLI' }])(
    'is not taken for the end of the daemon: %j',
    (data) => {
      expect(signalsOf(forged('pm2:kill', data))).toEqual([]);
    },
  );

  it('is no evidence of an exit or a failed launch', () => {
    const text = 'App [a:3] exited with code [0] via signal [SIGKILL]\n';
    expect(signalsOf(forged('log:PM2', text), event('exit'))).toEqual([exited()]);
    const decoder = new EventDecoder(DAEMON, verify);
    decoder.decode(...forged('log:PM2', 'Error: spawn /bin/a ENOENT\n'));
    expect(decoder.takeSpawnError('/bin/a')).toBeNull();
  });

  it('is not taken for a process event', () => {
    expect(signalsOf(forged('process:event', { event: 'stop', manually: true, at: 5_000, process: record() }))).toEqual(
      [],
    );
  });
});
