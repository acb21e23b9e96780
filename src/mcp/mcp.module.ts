import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { CapabilitiesModule } from '../capabilities';
import { EventsModule } from '../events';
import { HealingModule } from '../healing';
import { LauncherModule } from '../launcher';
import { RegistryModule } from '../registry';
import { ActingTools } from './acting-tools';
import { McpController } from './mcp.controller';
import { PlannerServer } from './planner-server';
import { ReadingTools } from './reading-tools';
import { Resources } from './resources';
import { ToolSet } from './tool-set';

@Module({
  imports: [AuthModule, EventsModule, RegistryModule, HealingModule, CapabilitiesModule, LauncherModule],
  controllers: [McpController],
  providers: [ActingTools, PlannerServer, ReadingTools, Resources, ToolSet],
})
export class McpModule {}
