import { Logger, Module, type Provider } from '@nestjs/common';
import { CLOCK, NEW_ID, RANDOM, type Clock } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CIRCUIT_COMMANDS, CircuitBreaker, CircuitModule, Circuits } from '../circuit';
import { EventsModule } from '../events';
import { HealthModule } from '../health';
import { NotificationsModule } from '../notifications';
import { PersistenceModule } from '../persistence';
import { AGENT_CHANGES, AgentDefinitions, AgentRegistry, RegistryModule } from '../registry';
import { PROCESS_MANAGER, ProcessesModule, type ProcessManager } from '../processes';
import { AgentActors } from './actor/agent-actors';
import { LaunchPlanner } from './actor/launch-planner';
import type { HealingLog, SupervisionPorts } from './actor/ports';
import { AgentActivity } from './agent-activity';
import { AgentPolicies } from './agent-policies';
import { AgentStateStore } from './agent-state-store';
import { AgentViews } from './agent-views';
import { DeadmanPing } from './deadman-ping';
import { DecisionJournal } from './decision-journal';
import { OomSampler, OomWatch, RunLog } from './diagnosis';
import { Diagnostician, RunDiagnosis } from './diagnosis/run-diagnosis';
import { HealthPortsModule } from './health-ports.module';
import { AgentLogs } from './logs/agent-logs';
import { SelfHealingLoop } from './self-healing-loop';
import { AgentCommands } from './supervisor/agent-commands';
import { AgentMemories } from './supervisor/agent-memories';
import { AgentSupervisor } from './supervisor/agent-supervisor';
import { Bootstrap } from './supervisor/bootstrap';
import { SupervisorEvents } from './supervisor/supervisor-events';
import { AgentWaits } from './waits/agent-waits';
import { ViewChanges } from './waits/view-changes';
import { WaitSubjects } from './waits/wait-subjects';

const HEALTH = HealthModule.with(HealthPortsModule);
const SUPERVISION_PORTS = Symbol('SupervisionPorts');
const HEALING_LOG = Symbol('HealingLog');

/** Provider of each port of supervision. */
const PORTS = {
  clock: CLOCK,
  random: RANDOM,
  newId: NEW_ID,
  runtime: PROCESS_MANAGER,
  circuits: Circuits,
  definitions: AgentDefinitions,
  policies: AgentPolicies,
  memory: AgentMemories,
  diagnosis: RunDiagnosis,
  planner: LaunchPlanner,
  journal: DecisionJournal,
  reports: SupervisorEvents,
  viewChanges: ViewChanges,
  log: HEALING_LOG,
} as const satisfies Record<keyof SupervisionPorts, unknown>;

const supervision: Provider[] = [
  { provide: HEALING_LOG, useFactory: makeLog },
  {
    provide: SUPERVISION_PORTS,
    inject: Object.values(PORTS),
    useFactory: (...providers: unknown[]) =>
      Object.fromEntries(Object.keys(PORTS).map((port, index) => [port, providers[index]])),
  },
  {
    provide: AgentSupervisor,
    inject: [SUPERVISION_PORTS, AgentActors, SETTINGS],
    useFactory: (ports: SupervisionPorts, actors: AgentActors, settings: ResolvedSettings) =>
      new AgentSupervisor(ports, actors, settings.LAUNCH_CONCURRENCY),
  },
  AgentActivity,
  AgentMemories,
  AgentPolicies,
  AgentStateStore,
  Bootstrap,
  DecisionJournal,
  LaunchPlanner,
  SupervisorEvents,
];

const diagnosis: Provider[] = [
  { provide: OomWatch, inject: [CLOCK], useFactory: (clock: Clock) => new OomWatch(clock) },
  { provide: Diagnostician, inject: [PROCESS_MANAGER, CLOCK, OomWatch], useFactory: makeDiagnostician },
  OomSampler,
  RunDiagnosis,
];

/** Classes of the modules below whose required ports healing provides. */
const facades: Provider[] = [
  AgentCommands,
  { provide: AGENT_CHANGES, useExisting: AgentCommands },
  AgentRegistry,
  { provide: CIRCUIT_COMMANDS, useExisting: AgentCommands },
  CircuitBreaker,
];

@Module({
  imports: [
    PersistenceModule,
    EventsModule,
    RegistryModule,
    ProcessesModule,
    CircuitModule,
    HealthPortsModule,
    HEALTH,
    NotificationsModule,
  ],
  providers: [
    ...supervision,
    ...diagnosis,
    ...facades,
    AgentLogs,
    AgentViews,
    AgentWaits,
    DeadmanPing,
    SelfHealingLoop,
    WaitSubjects,
  ],
  exports: [
    AgentActivity,
    AgentLogs,
    AgentRegistry,
    AgentSupervisor,
    AgentViews,
    AgentWaits,
    Bootstrap,
    CircuitBreaker,
    DeadmanPing,
    HEALTH,
    HealthPortsModule,
    LaunchPlanner,
    SelfHealingLoop,
    SupervisorEvents,
  ],
})
export class HealingModule {}

function makeLog(): HealingLog {
  const logger = new Logger('Healing');
  return {
    info: (fields, message) => {
      logger.log({ ...fields }, message);
    },
    warn: (fields, message) => {
      logger.warn({ ...fields }, message);
    },
  };
}

function makeDiagnostician(runtime: ProcessManager, clock: Clock, oom: OomWatch): Diagnostician {
  const logger = new Logger('Diagnosis');
  const warn = (fields: Readonly<Record<string, unknown>>, message: string) => {
    logger.warn({ ...fields }, message);
  };
  const log = new RunLog((agentId, stream) => runtime.outputFileOf(agentId, stream), warn, oom);
  return new Diagnostician(log, clock);
}
