import { Module } from '@nestjs/common';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { SETTINGS, type ResolvedSettings } from '../config';
import { HealingModule } from '../healing';
import { RegistryModule } from '../registry';
import { ProcessesModule } from '../processes/read-only';
import { AccessTokens } from './access-tokens';
import { AccessGuard } from './access.guard';
import { AgentTokens } from './agent-tokens';
import { RateGuard, RateLimit } from './rate-limit';

@Module({
  imports: [HealingModule, RegistryModule, ProcessesModule],
  providers: [
    {
      provide: AccessTokens,
      inject: [SETTINGS],
      useFactory: (settings: ResolvedSettings) => AccessTokens.of(settings),
    },
    AgentTokens,
    ThrottlerStorageService,
    AccessGuard,
    RateGuard,
    RateLimit,
  ],
  exports: [AccessGuard, AccessTokens, AgentTokens, RateGuard, ThrottlerStorageService],
})
export class AuthModule {}
