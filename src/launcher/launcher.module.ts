import { Module } from '@nestjs/common';
import { HealingModule } from '../healing';
import { RegistryModule } from '../registry';
import { ProcessLauncher } from './process-launcher';

@Module({
  imports: [RegistryModule, HealingModule],
  providers: [ProcessLauncher],
  exports: [ProcessLauncher],
})
export class LauncherModule {}
