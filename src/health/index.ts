export { HealthLog } from './health-log';
export { HealthModule } from './health.module';
export { HealthMonitor } from './health-monitor';
export { Heartbeats } from './heartbeat/heartbeats';
export { isSameHost, locationOf, MAX_REDIRECTS, nextUrl } from './probes/redirects';
export { type HealthReport, type HealthResult } from './report';
export { RunSecrets } from './run-secrets';
export { type HealthOutcome } from './outcome';
export {
  HEALTH_LISTENER,
  INCARNATIONS,
  WATCH_TARGETS,
  type HealthListener,
  type Incarnations,
  type WatchTargets,
} from './ports';
export { type WatchTarget } from './watch-target';
export { describeOverBudget } from './verdict';
export { TokenBudgets } from './tokens/token-budgets';
