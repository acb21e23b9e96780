import {
  entryRefOf,
  type DaemonIdentity,
  type EntryRef,
  type LaunchOutcome,
  type LaunchPlan,
  type ProcessIdentity,
  type ProcessManager,
  type ProcessManagerSignal,
  type ProcessSnapshot,
} from '../../../src/processes';

/** Programs of the suite. `stubborn` ignores SIGTERM, `refused` cannot be executed, `exits` exits with code 3. */
export type Program = 'sleeps' | 'stubborn' | 'refused' | 'exits';

/** A world with a process manager, real or fake. The suite acts on it like operators and faults do. */
export interface ProcessManagerHarness {
  readonly runtime: ProcessManager;
  plan(agentId: string, program: Program): LaunchPlan;
  /** Waits until the condition is true, in real or simulated time. */
  until<T>(condition: () => T | Promise<T>, what: string): Promise<NonNullable<T>>;
  /** Lets a promise settle, in real or simulated time. */
  settle<T>(promise: Promise<T>): Promise<T>;
  kill(process: ProcessIdentity): void;
  killDaemon(): void;
  freezeDaemon(frozen: boolean): void;
  operator(command: 'stop' | 'start' | 'restart' | 'delete' | 'kill', agentId: string): Promise<void>;
  destroy(): Promise<void>;
}

type Signal<K extends ProcessManagerSignal['kind']> = Extract<ProcessManagerSignal, { kind: K }>;

/** A launched process, with the reference of its entry. */
export interface Launched extends Extract<LaunchOutcome, { kind: 'launched' }> {
  readonly runId: string;
  readonly entry: EntryRef;
}

/** The harness of the present test, with the steps that many tests share. */
export interface ContractSuite {
  readonly world: ProcessManagerHarness;
  /** Signals since the start of the test. */
  readonly heard: ProcessManagerSignal[];
  /** Connects to the daemon, and starts one if none runs. */
  connect(): Promise<DaemonIdentity>;
  list(scan?: boolean): Promise<ProcessSnapshot>;
  /** @throws an error unless the launch succeeds */
  launch(agentId: string, program?: Program, replaces?: EntryRef | null): Promise<Launched>;
  /** Launches an agent and kills it. @returns its stopped entry */
  makeDeadEntry(agentId: string): Promise<EntryRef>;
  /** Kills the daemon and starts another one. */
  replaceDaemon(): Promise<void>;
  /** Waits for the first signal of this kind. */
  hear<K extends ProcessManagerSignal['kind']>(kind: K): Promise<Signal<K>>;
}

/** Makes a harness before each test and destroys it afterwards. Call it within a `describe`. */
export function useHarness(make: () => Promise<ProcessManagerHarness>): ContractSuite {
  let world: ProcessManagerHarness;
  let heard: ProcessManagerSignal[];

  beforeEach(async () => {
    world = await make();
    heard = [];
    world.runtime.onSignal((signal) => heard.push(signal));
  });

  afterEach(async () => {
    await world.destroy();
  });

  const suite: ContractSuite = {
    get world() {
      return world;
    },
    get heard() {
      return heard;
    },
    connect: () => world.settle(world.runtime.connect(true)),
    list: (scan = false) => world.settle(world.runtime.snapshot(scan)),
    launch: async (agentId, program = 'sleeps', replaces = null) => {
      const plan = world.plan(agentId, program);
      const outcome = await world.settle(world.runtime.launch(plan, replaces));
      if (outcome.kind !== 'launched') throw new Error(`not launched: ${JSON.stringify(outcome)}`);
      return { ...outcome, runId: plan.runId, entry: entryRefOf(await suite.connect(), outcome) };
    },
    makeDeadEntry: async (agentId) => {
      const { process, entry, upSince } = await suite.launch(agentId);
      world.kill(process);
      const isIt = (signal: ProcessManagerSignal) => signal.kind === 'exited' && signal.upSince === upSince;
      await world.until(() => heard.some(isIt), `the exit of ${agentId} was reported`);
      return entry;
    },
    replaceDaemon: async () => {
      world.killDaemon();
      await world.until(() => !world.runtime.isConnected(), 'the loss of the daemon was noticed');
      await suite.connect();
    },
    hear: (kind) => {
      const isIt = (signal: ProcessManagerSignal): signal is Signal<typeof kind> => signal.kind === kind;
      return world.until(() => heard.find(isIt), `the signal ${kind} was received`);
    },
  };
  return suite;
}
