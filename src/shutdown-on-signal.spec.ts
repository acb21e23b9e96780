import { ShutdownOnSignal } from './shutdown-on-signal';

let calls: string[];
let shutdown: ShutdownOnSignal<string>;
beforeEach(() => {
  calls = [];
  shutdown = new ShutdownOnSignal(
    () => calls.push('begin'),
    (service, signal) => calls.push(`end ${service} by ${signal}`),
  );
});

describe('a signal', () => {
  it('shuts a running service down once', () => {
    shutdown.onStarted('it');
    expect(shutdown.isShuttingDown).toBe(false);
    shutdown.onSignal('SIGTERM');
    shutdown.onSignal('SIGINT');
    expect(calls).toEqual(['begin', 'end it by SIGTERM']);
  });

  it('during the start lets it finish, then shuts the service down once', () => {
    shutdown.onSignal('SIGINT');
    shutdown.onSignal('SIGINT');
    expect([calls, shutdown.isShuttingDown]).toEqual([['begin'], true]);
    shutdown.onStarted('it');
    shutdown.onSignal('SIGTERM');
    expect(calls).toEqual(['begin', 'end it by SIGINT']);
  });
});
