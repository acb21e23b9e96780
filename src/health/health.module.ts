import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence';
import { RegistryModule } from '../registry';
import { RuntimeModule } from '../runtime';
import { HealthFacts } from './health-facts';
import { HealthLog } from './health-log';
import { HealthMonitor } from './health-monitor';
import { HeartbeatStore } from './heartbeat-store';
import { Heartbeats } from './heartbeats';
import { TokenBudgets } from './token-budgets';
import { TokenStore } from './token-store';

@Module({
  imports: [PersistenceModule, RegistryModule, RuntimeModule],
  providers: [HealthFacts, HealthLog, HealthMonitor, Heartbeats, HeartbeatStore, TokenBudgets, TokenStore],
  exports: [HealthLog, HealthMonitor, Heartbeats, TokenBudgets],
})
export class HealthModule {}
