export { type Announcement } from './heartbeat-store';
export { Heartbeats } from './heartbeats';
export { HealthModule } from './health.module';
