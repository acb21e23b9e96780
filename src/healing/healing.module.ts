import { Logger, Module } from '@nestjs/common';
import { CLOCK, NEW_ID, RANDOM, type Clock, type NewId, type Random } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { CircuitBreaker, CircuitModule, CircuitStore } from '../circuit';
import { EventsModule } from '../events';
import { HealthModule, HealthMonitor } from '../health';
import { NotificationsModule } from '../notifications';
import { PersistenceModule } from '../persistence';
import { AgentRegistry, RegistryModule } from '../registry';
import { PROCESS_RUNTIME, RuntimeModule, type ProcessRuntime } from '../runtime';
import { AgentDirectory } from './agent-directory';
import { AgentSupervisor, type SupervisorOptions } from './agent-supervisor';
import { Circumstances } from './circumstances';
import { DeadmanPing } from './deadman-ping';
import { FleetJournal } from './fleet-journal';
import { FleetWatch } from './fleet-watch';
import { healingPolicy } from './healing-policy';
import { LaunchPlanner } from './launch-planner';
import { RunDiagnosis } from './run-diagnosis';
import { SelfHealingLoop } from './self-healing-loop';
import { Supervision } from './supervision';
import { SupervisionStore } from './supervision-store';

/** What the supervisor is made of, gathered so that its factory stays readable. */
class SupervisorParts {
  constructor(
    readonly settings: ResolvedSettings,
    readonly clock: Clock,
    readonly newId: NewId,
    readonly random: Random,
    readonly runtime: ProcessRuntime,
  ) {}
}

/** The same of what is known of agents from moment to moment. */
class AgentFacts {
  constructor(
    readonly circumstances: Circumstances,
    readonly diagnosis: RunDiagnosis,
    readonly fleet: FleetWatch,
    readonly health: HealthMonitor,
  ) {}
}

@Module({
  imports: [
    PersistenceModule,
    EventsModule,
    RegistryModule,
    RuntimeModule,
    CircuitModule,
    HealthModule,
    NotificationsModule,
  ],
  providers: [
    {
      provide: CircuitBreaker,
      inject: [SETTINGS, CLOCK, AgentRegistry, CircuitStore],
      useFactory: (settings: ResolvedSettings, clock: Clock, registry: AgentRegistry, store: CircuitStore) =>
        new CircuitBreaker(clock, (agentId) => healingPolicy(settings, registry.policyOf(agentId)).circuit, store),
    },
    {
      provide: SupervisorParts,
      inject: [SETTINGS, CLOCK, NEW_ID, RANDOM, PROCESS_RUNTIME],
      useFactory: (...parts: ConstructorParameters<typeof SupervisorParts>) => new SupervisorParts(...parts),
    },
    {
      provide: AgentSupervisor,
      inject: [SupervisorParts, AgentRegistry, CircuitBreaker, SupervisionStore, LaunchPlanner, AgentFacts],
      useFactory: makeSupervisor,
    },
    {
      provide: AgentFacts,
      inject: [Circumstances, RunDiagnosis, FleetWatch, HealthMonitor],
      useFactory: (...facts: ConstructorParameters<typeof AgentFacts>) => new AgentFacts(...facts),
    },
    {
      provide: FleetWatch,
      inject: [CLOCK, NEW_ID, FleetJournal],
      useFactory: (clock: Clock, newId: NewId, journal: FleetJournal) => new FleetWatch(clock, newId, journal),
    },
    AgentDirectory,
    Circumstances,
    DeadmanPing,
    FleetJournal,
    LaunchPlanner,
    RunDiagnosis,
    SelfHealingLoop,
    Supervision,
    SupervisionStore,
  ],
  exports: [
    AgentDirectory,
    FleetWatch,
    DeadmanPing,
    AgentSupervisor,
    CircuitBreaker,
    LaunchPlanner,
    SelfHealingLoop,
    Supervision,
  ],
})
export class HealingModule {}

function makeSupervisor(
  parts: SupervisorParts,
  registry: AgentRegistry,
  circuits: CircuitBreaker,
  journal: SupervisionStore,
  planner: LaunchPlanner,
  facts: AgentFacts,
): AgentSupervisor {
  const { settings, clock, newId, random, runtime } = parts;
  const logger = new Logger('Healing');
  const log = {
    info: (fields: Readonly<Record<string, unknown>>, message: string) => {
      logger.log({ ...fields }, message);
    },
    warn: (fields: Readonly<Record<string, unknown>>, message: string) => {
      logger.warn({ ...fields }, message);
    },
  };
  const policyOf = (agentId: string) =>
    healingPolicy(settings, registry.policyOf(agentId), facts.circumstances.of(agentId));
  const diagnose = async (...end: Parameters<RunDiagnosis['diagnose']>) => {
    const found = await facts.diagnosis.diagnose(...end);
    facts.fleet.noteDiagnosis(end[0], found);
    return found;
  };
  const markLog = (...launch: Parameters<RunDiagnosis['mark']>) => facts.diagnosis.mark(...launch);
  const planLaunch = (...plan: Parameters<LaunchPlanner['plan']>) =>
    Promise.resolve().then(() => planner.plan(...plan));
  return new AgentSupervisor(
    {
      clock,
      random,
      newId,
      runtime,
      circuits,
      desired: registry,
      journal,
      log,
      policyOf,
      diagnose,
      markLog,
      planLaunch,
    },
    {
      launchConcurrency: settings.LAUNCH_CONCURRENCY,
      passMs: settings.HEALING_INTERVAL_SECONDS * 1_000,
      ...tellers(journal, facts, clock, newId),
    },
  );
}

/** What becomes of the daemon and of time, for the history and for people. */
function tellers(
  journal: SupervisionStore,
  facts: AgentFacts,
  clock: Clock,
  newId: NewId,
): Pick<SupervisorOptions, 'resumed' | 'daemonEvents'> {
  const about = (
    type: 'daemon.lost' | 'daemon.restored' | 'supervisor.resumed',
    data: Readonly<Record<string, string | number>>,
  ) => {
    journal.recordEventually({ agentId: null, type, data, occurredAt: clock.wall() });
  };
  return {
    resumed: (gapMs) => {
      facts.health.resumed();
      about('supervisor.resumed', { gapSeconds: Math.round(gapMs / 1_000) });
    },
    daemonEvents: {
      ended: (agents) => {
        journal.tellEventually({ kind: 'daemon-ended', incidentId: newId(), agents }, null);
      },
      lost: (detail) => {
        about('daemon.lost', { detail });
      },
      connected: (first) => {
        if (!first) about('daemon.restored', {});
      },
    },
  };
}
