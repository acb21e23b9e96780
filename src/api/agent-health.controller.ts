import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { isoTime } from '../kernel';
import { Needs } from '../auth';
import { SelfHealingLoop } from '../healing';
import { HealthLog, HealthMonitor, type HealthReport, type HealthResult } from '../health';
import { AgentRegistry } from '../registry';
import { DiagnosisDto, HealthLogDto, HealthReportDto, HealthResultDto } from './health-schemas';
import { Problems } from './openapi';
import { AgentIdPipe } from './request-reading';
import { LimitQueryDto } from './schemas';

/** How agents are, and why they failed. */
@ApiTags('health of agents')
@Controller('api')
export class AgentHealthController {
  constructor(
    private readonly monitor: HealthMonitor,
    private readonly log: HealthLog,
    private readonly loop: SelfHealingLoop,
    private readonly registry: AgentRegistry,
  ) {}

  /** What is known of the health of every agent; nobody is asked for it. */
  @Get('health')
  @Needs('viewer')
  @ApiOkResponse({ type: HealthReportDto })
  @Problems()
  report(): HealthReport {
    return this.monitor.getReport();
  }

  /** A check made now: shown and logged, not counted; at most one a second. */
  @Get('agents/:id/health')
  @Needs('viewer')
  @ApiOkResponse({ type: HealthResultDto })
  @Problems('agent-not-found')
  check(@Param('id', AgentIdPipe) agentId: string): Promise<HealthResult> {
    return this.monitor.check(agentId);
  }

  /** Checks of an agent, newest first: each change of verdict, each that was asked for, else one a minute. */
  @Get('agents/:id/health-log')
  @Needs('viewer')
  @ApiOkResponse({ type: HealthLogDto })
  @Problems('invalid-request', 'agent-not-found', 'database-unavailable')
  async listChecks(@Param('id', AgentIdPipe) agentId: string, @Query() { limit }: LimitQueryDto) {
    this.registry.getAgent(agentId);
    const checks = await this.log.list(agentId, limit);
    return { checks: checks.map((check) => ({ ...check, checkedAt: isoTime(check.checkedAt) })) };
  }

  /** Why it failed last: cause, evidence and what to do; `none` where nothing has failed. */
  @Get('agents/:id/diagnosis')
  @Needs('viewer')
  @ApiOkResponse({ type: DiagnosisDto })
  @Problems('agent-not-found')
  diagnosis(@Param('id', AgentIdPipe) agentId: string) {
    const { remedy, diagnosedAt, ...diagnosis } = this.loop.diagnose(agentId);
    return { ...diagnosis, restartable: remedy !== 'person', diagnosedAt: isoTime(diagnosedAt) };
  }
}
