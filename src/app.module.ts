import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { LoggerModule } from 'nestjs-pino';
import { ApiModule } from './api';
import { ConfigModule, type ResolvedSettings } from './config';

/** The composition root: which parts there are. */
@Module({})
export class AgentSpawnerModule {
  static with(settings: ResolvedSettings): DynamicModule {
    return {
      module: AgentSpawnerModule,
      imports: [
        ConfigModule.with(settings),
        // Requests are not logged one by one: it halves what we can answer, and says nothing when all is well.
        LoggerModule.forRoot({ pinoHttp: { level: settings.LOG_LEVEL, autoLogging: false, quietReqLogger: true } }),
        ScheduleModule.forRoot(),
        ApiModule,
      ],
    };
  }
}
