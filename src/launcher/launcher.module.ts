import { Module } from '@nestjs/common';
import { HealingModule } from '../healing';
import { HealthModule } from '../health';
import { RegistryModule } from '../registry';
import { ProcessLauncher } from './process-launcher';

@Module({
  imports: [RegistryModule, HealthModule, HealingModule],
  providers: [ProcessLauncher],
  exports: [ProcessLauncher],
})
export class LauncherModule {}
