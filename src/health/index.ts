export { HealthLog } from './health-log';
export { HealthModule } from './health.module';
export { HealthMonitor } from './health-monitor';
export { Heartbeats } from './heartbeats';
export { type HealthReport, type HealthResult } from './report';
export { type HealthOutcome, type HealthSubject } from './subject';
export { TokenBudgets } from './token-budgets';
