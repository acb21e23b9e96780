import { Module } from '@nestjs/common';
import { PersistenceModule } from '../persistence';
import { HeartbeatStore } from './heartbeat-store';
import { Heartbeats } from './heartbeats';

@Module({ imports: [PersistenceModule], providers: [Heartbeats, HeartbeatStore], exports: [Heartbeats] })
export class HealthModule {}
