import {
  DAEMON,
  ended,
  event,
  exited,
  exitLine,
  manually,
  online,
  record,
  signalsOf,
  started,
  stopped,
  stopping,
  type Packet,
} from '../../../test/support/pm2-packets';
import fc from 'fast-check';

describe('a sequence of packets', () => {
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
    ['a stop of a stopped entry', [manually('stop')], [stopped]],
    ['a start of a stopped entry', [event('online'), manually('restart')], [online, started]],
    ['a launch by the supervisor', [event('online'), event('start'), manually('start')], [online]],
    ['a stop and a restart by PM2 itself', [event('stop'), event('restart')], []],
    [
      'the end of the daemon',
      [event('exit', stopping), ['pm2:kill', { status: 'killed', msg: 'pm2 has been killed via CLI' }]],
      [exited({ ordered: true }), { kind: 'daemon-ending', daemon: DAEMON }],
    ],
  ])('for %s becomes its signals', (_cause, packets, signals) => {
    expect(signalsOf(...packets)).toEqual(signals);
  });

  it('never passes on other fields', () => {
    const signals = signalsOf(exitLine(0, 'SIGKILL'), event('exit'), manually('stop'), manually('restart'));
    expect(signals).toHaveLength(3);
    expect(JSON.stringify(signals)).not.toContain('secret');
  });
});

describe('the run of an exit', () => {
  it.each([
    ['no token', { AGENT_TOKEN: undefined }],
    ['a token that the supervisor did not create', { AGENT_TOKEN: 'forged' }],
    ['the token of another agent', { name: 'b' }],
  ])('is unknown if the entry carries %s', (_what, changes) => {
    expect(signalsOf(event('exit', record(changes)))).toMatchObject([{ runId: null }]);
  });
});

describe('an exit that PM2 reports twice', () => {
  it('becomes one signal', () => {
    expect(signalsOf(event('exit', stopping), event('exit', ended), event('exit', ended))).toHaveLength(1);
  });

  it.each([
    ['after a restart in the shell, which keeps the ID', { pm_uptime: 2_000 }],
    ['after a launch by the supervisor in the same millisecond', { unique_id: 'u2' }],
    ['of another entry', { pm_id: 4 }],
  ])('is a separate exit %s', (_when, changes) => {
    expect(signalsOf(event('exit'), event('exit', record(changes)))).toHaveLength(2);
  });
});

describe('a field that is missing from a packet', () => {
  it('leaves the run, the exit code and the time unknown', () => {
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

describe('a packet that the decoder ignores', () => {
  it.each(['default', 'agents2', '', undefined])('has the namespace %j', (namespace) => {
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
    { event: 'exit', process: record({ AGENT_TOKEN: 5 }) },
    { event: 'exit', process: record({ pm_uptime: 'now' }) },
    { event: '__proto__', manually: true, process: record() },
    { event: 'stop', manually: 'yes', process: record() },
  ])('has an invalid form: %j', (packet) => {
    expect(signalsOf(['process:event', packet], ['log:PM2', packet])).toEqual([]);
  });

  it('never throws, and does not block the next packet', () => {
    fc.assert(
      fc.property(fc.anything(), (packet) => {
        const signals = signalsOf(['process:event', packet], ['log:PM2', packet], event('exit'));
        expect(signals).toEqual([exited()]);
      }),
    );
  });
});
