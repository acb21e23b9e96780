import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { LoggerModule } from 'nestjs-pino';
import { ApiModule } from './api';
import pino from 'pino';
import { CircuitModule } from './circuit';
import { ConfigModule, type OpenResources, type ResolvedSettings } from './config';
import { HealingModule } from './healing';
import { LIFECYCLE } from './lifecycle';
import { McpModule } from './mcp';
import { MirrorModule, MirrorRestore } from './mirror';
import { INITIAL_CONTENT, PersistenceModule } from './persistence';
import { ProcessesModule } from './processes/read-only';
import { RegistryModule } from './registry';

/** Binds each port that a lower module declares to the module above that implements it. */
@Global()
@Module({
  providers: [MirrorRestore, { provide: INITIAL_CONTENT, useExisting: MirrorRestore }],
  exports: [INITIAL_CONTENT],
})
class PortsModule {}

/** Composition root of the application. */
@Module({})
export class AgentSpawnerModule {
  static with(settings: ResolvedSettings, resources: OpenResources): DynamicModule {
    const options = { level: settings.LOG_LEVEL, autoLogging: false, quietReqLogger: true };
    return {
      module: AgentSpawnerModule,
      imports: [
        ConfigModule.with(settings, resources),
        // Requests are not logged one by one: that halves the throughput, and is of no use while all is well.
        LoggerModule.forRoot({ pinoHttp: [options, standardOutput()] }),
        ScheduleModule.forRoot(),
        PortsModule,
        ApiModule,
        McpModule,
        // Parts that the steps of the lifecycle need.
        ...[PersistenceModule, RegistryModule, ProcessesModule, CircuitModule, HealingModule, MirrorModule],
      ],
      providers: [LIFECYCLE],
    };
  }
}

/**
 * Opens standard output and ignores its errors. A write to a closed terminal fails (EIO) and must not crash the
 * service.
 */
function standardOutput() {
  const stream = pino.destination(1);
  stream.on('error', () => undefined);
  return stream;
}
