import { Module } from '@nestjs/common';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { SETTINGS, type ResolvedSettings } from '../config';
import { HealingModule } from '../healing';
import { RegistryModule } from '../registry';
import { RuntimeModule } from '../runtime';
import { AccessTokens } from './access-tokens';
import { AccessGuard } from './access.guard';
import { AgentTokens } from './agent-tokens';
import { RateGuard } from './rate.guard';

@Module({
  imports: [HealingModule, RegistryModule, RuntimeModule],
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
  ],
  exports: [AccessGuard, AccessTokens, AgentTokens, RateGuard, ThrottlerStorageService],
})
export class AuthModule {}
