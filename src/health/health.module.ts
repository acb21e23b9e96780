import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { PersistenceModule } from '../persistence';
import { RegistryModule } from '../registry';
import { ProcessesModule } from '../processes/read-only';
import { CheckLoop } from './check-loop';
import { HealthAssessor } from './health-assessor';
import { HealthChecks } from './health-checks';
import { HealthLog } from './health-log';
import { HealthMonitor } from './health-monitor';
import { HealthReports } from './health-reports';
import { HeartbeatStore } from './heartbeat/heartbeat-store';
import { Heartbeats } from './heartbeat/heartbeats';
import { AgentProbe } from './probes/agent-probe';
import { RunSecrets } from './run-secrets';
import { TokenBudgets } from './tokens/token-budgets';
import { TokenStore } from './tokens/token-store';
import { TreeMemory } from './tree-memory';
import { WatchedAgents } from './watched-agents';

/** Watches the health of agents. The module above provides the required ports. */
@Module({})
export class HealthModule {
  /** @param ports exports WATCH_TARGETS, HEALTH_LISTENER and INCARNATIONS */
  static with(ports: Type): DynamicModule {
    return {
      module: HealthModule,
      imports: [PersistenceModule, RegistryModule, ProcessesModule, ports],
      providers: [
        AgentProbe,
        CheckLoop,
        HealthAssessor,
        HealthChecks,
        HealthLog,
        HealthMonitor,
        HealthReports,
        Heartbeats,
        HeartbeatStore,
        RunSecrets,
        TokenBudgets,
        TokenStore,
        TreeMemory,
        WatchedAgents,
      ],
      exports: [HealthLog, HealthMonitor, Heartbeats, RunSecrets, TokenBudgets],
    };
  }
}
