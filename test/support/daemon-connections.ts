import { FakeClock } from './fake-clock';
import { FakeProcessManager } from './fake-process-manager';
import { FakeWorld } from './fake-world';
import { seededRandom } from './seeded';
import { DaemonConnection } from '../../src/healing/supervisor/daemon-connection';

export function makeConnection() {
  const clock = new FakeClock();
  const world = new FakeWorld(clock, seededRandom(1));
  const runtime = new FakeProcessManager(world, clock);
  const reports: string[] = [];
  const warned: unknown[] = [];
  const informed: string[] = [];
  const connection = new DaemonConnection(
    runtime,
    clock,
    { info: (_, message) => informed.push(message), warn: (fields) => warned.push(fields) },
    {
      onLost: (detail) => reports.push(`lost: ${detail}`),
      onConnected: (isFirst) => reports.push(isFirst ? 'connected for the first time' : 'connected again'),
    },
  );
  // Forwards signals as the supervisor does.
  runtime.onSignal((signal) => {
    if (signal.kind === 'connection-lost') connection.onLost(signal.detail);
    if (signal.kind === 'daemon-ending') connection.onEnding();
  });
  const began = clock.now();
  /** Times at which a daemon was started, in milliseconds from the start. */
  const starts: number[] = [];
  const startDaemon = world.startDaemon.bind(world);
  world.startDaemon = () => {
    if (world.daemon === null) starts.push(clock.now() - began);
    return startDaemon();
  };
  const connected = async () => {
    void connection.start();
    await clock.advance(1_000);
    reports.length = 0;
    starts.length = 0;
  };
  return { clock, world, runtime, connection, reports, warned, informed, starts, connected };
}

/** Makes every attempt fail at once, and returns their times. */
export function refusing({ runtime, clock }: Pick<ReturnType<typeof makeConnection>, 'runtime' | 'clock'>) {
  const attempts: { at: number; mayStart: boolean }[] = [];
  const began = clock.now();
  runtime.connect = (mayStart) => {
    attempts.push({ at: clock.now() - began, mayStart });
    return Promise.reject(new Error('no daemon answers'));
  };
  return attempts;
}
