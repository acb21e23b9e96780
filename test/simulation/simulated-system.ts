import { FakeClock } from '../support/fake-clock';
import { FakeWorld } from '../support/fake-world';
import { registeredAgent } from '../support/definitions';
import { seededRandom } from '../support/seeded';
import { AgentFaults } from './faults/agent-faults';
import { DaemonFaults } from './faults/daemon-faults';
import { DatabaseFaults } from './faults/database-faults';
import { FatalCauses } from './faults/fatal-causes';
import { Freezes } from './faults/freezes';
import { Illness } from './faults/illness';
import { LaunchFates } from './faults/launch-fates';
import { SignalFates } from './faults/signal-fates';
import { Strays } from './faults/strays';
import { HealingCommands } from './operators/healing-commands';
import { OperatorControls } from './operators/operator-controls';
import { OperatorRequests } from './operators/operator-requests';
import { OperatorShell } from './operators/operator-shell';
import { Operators } from './operators/operators';
import { HealingHolds } from './referee/healing-holds';
import { Referee } from './referee/referee';
import { FakeDisk } from './service/fake-disk';
import { ServiceLifecycle } from './service/service-lifecycle';
import type { Variant } from './service/service-process';
import { agentsOf, type SimulationContext } from './simulation-context';

/**
 * All parts of one simulation. `service/` runs the production supervision over a fake disk and a fake clock. `faults/`
 * and `operators/` do to it what the seed draws. `referee/` judges it. What the agents and PM2's daemon do is in
 * `FakeWorld`.
 */
export type SimulatedSystem = ReturnType<typeof makeSystem>;

/** Makes the parts of one simulation and connects them. The service is not started yet. */
export function makeSystem(seed: number, variant: Variant) {
  const { context, freezes } = makeContext(seed);
  const { agents, random, referee } = context;
  const disk = new FakeDisk();
  for (const agentId of agents) disk.definitions.set(agentId, registeredAgent({ agentId }));
  const service = () => lifecycle.current;

  const signals = new SignalFates(random, () => referee.excuseLostTraces(agents));
  const launches = new LaunchFates(context);
  const database = new DatabaseFaults(context, disk);
  const agentFaults = new AgentFaults(context);
  const illness = new Illness(context);
  const fatalCauses = new FatalCauses(context);
  referee.isUnwell = (process) => illness.isUnwell(process);

  const shell = new OperatorShell(context, launches);
  const daemon = new DaemonFaults(context, { service, shell });
  const holds = new HealingHolds(context);
  const { unrecorded } = database;
  const requests = new OperatorRequests(context, { service, shell, holds, unrecorded, daemonEnds: () => daemon.ends });
  const operators = new Operators(context, { service, requests, shell });
  const healing = new HealingCommands(context, { service, requests, holds });

  const lifecycleParts = { variant, disk, database, daemon, freezes, illness, fatalCauses, requests, holds };
  const lifecycle = new ServiceLifecycle(context, lifecycleParts);
  const controls = new OperatorControls(context, {
    ...{ operators, healing, agentFaults, illness },
    mustWait: () => daemon.isUpdating(),
    shutDown: () => lifecycle.shutDown(),
  });
  const strays = new Strays(context, {
    agentFaults,
    killDaemon: () => daemon.kill(),
    killService: () => lifecycle.kill(),
  });
  connectWorld(context, { signals, launches, strays, fatalCauses, shell, holds });
  return {
    ...{ context, disk, lifecycle, shell, requests, operators, controls },
    ...{ agentFaults, illness, fatalCauses, signals, launches, strays, daemon, database, freezes },
  };
}

function makeContext(seed: number): { context: SimulationContext; freezes: Freezes } {
  const agents = agentsOf(seed);
  const clock = new FakeClock();
  const began = clock.now();
  const trace: string[] = [];
  const say = (line: string) => {
    trace.push(`${((clock.now() - began) / 1_000).toFixed(3)} ${line}`);
  };
  const freezes = new Freezes(clock, say);
  const world = new FakeWorld(clock, seededRandom(seed + 1_000_003));
  const referee = new Referee(world, freezes, agents);
  const random = seededRandom(seed);
  const draw = (below: number) => random() * below;
  return { context: { seed, agents, clock, activeTime: freezes, world, referee, random, draw, say, trace }, freezes };
}

interface Observers {
  readonly signals: SignalFates;
  readonly launches: LaunchFates;
  readonly strays: Strays;
  readonly fatalCauses: FatalCauses;
  readonly shell: OperatorShell;
  readonly holds: HealingHolds;
}

/** Lets the faults decide what happens in the world, and the trace and the judges see it. */
function connectWorld({ world, say }: SimulationContext, observers: Observers): void {
  const { signals, launches, strays, fatalCauses, shell, holds } = observers;
  world.faults = {
    launch: ({ agentId }) => (strays.takesAnswer(agentId) ? launches.loseAnswer(agentId) : launches.take(agentId)),
    signal: (signal) => signals.delaysOf(signal),
  };
  world.onDeath = (process, cause) => {
    say(`${process.agentId} pid ${process.pid} exited (${cause})`);
  };
  const judgeBirth = world.onBirth;
  world.onBirth = (process) => {
    say(`${process.agentId} pid ${process.pid} started, run ${process.runId}, by ${process.startedBy}`);
    shell.onBirth(process.runId);
    judgeBirth(process);
    holds.onBirth(process);
    fatalCauses.onBirth(process);
  };
}
