import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { isoTime } from '../kernel';
import { Needs } from '../auth';
import { SelfHealingLoop } from '../healing';
import { HealthLog, HealthMonitor, type HealthReport, type HealthResult } from '../health';
import { AgentRegistry } from '../registry';
import { DiagnosisDto, HealthLogDto, HealthReportDto, HealthResultDto } from './health-schemas';
import { Problems } from './openapi';
import { Readiness } from './readiness';
import type { Part } from './readiness-part';
import { AgentIdPipe } from './request-reading';
import { LimitQueryDto } from './schemas';

/** Reports the health of agents, and why they failed. */
@ApiTags('health of agents')
@Controller('api')
export class AgentHealthController {
  constructor(
    private readonly monitor: HealthMonitor,
    private readonly log: HealthLog,
    private readonly loop: SelfHealingLoop,
    private readonly registry: AgentRegistry,
    private readonly readiness: Readiness,
  ) {}

  /** Returns the known health of every agent and of each part of the service, without making a check. */
  @Get('health')
  @Needs('viewer')
  @ApiOkResponse({ type: HealthReportDto })
  @Problems()
  async report(): Promise<HealthReport & { readonly service: readonly Part[] }> {
    return { ...this.monitor.getReport(), service: await this.readiness.parts() };
  }

  /** Checks an agent now, at most once a second. The check is logged but does not count toward the verdict. */
  @Get('agents/:id/health')
  @Needs('viewer')
  @ApiOkResponse({ type: HealthResultDto })
  @Problems('agent-not-found')
  check(@Param('id', AgentIdPipe) agentId: string): Promise<HealthResult> {
    return this.monitor.check(agentId);
  }

  /**
   * Lists the checks of an agent, newest first: each change of verdict, each requested check, otherwise one a minute.
   */
  @Get('agents/:id/health-log')
  @Needs('viewer')
  @ApiOkResponse({ type: HealthLogDto })
  @Problems('invalid-request', 'agent-not-found', 'database-unavailable')
  async listChecks(@Param('id', AgentIdPipe) agentId: string, @Query() { limit }: LimitQueryDto) {
    this.registry.getAgent(agentId);
    const checks = await this.log.list(agentId, limit);
    return { checks: checks.map((check) => ({ ...check, checkedAt: isoTime(check.checkedAt) })) };
  }

  /** Returns why the agent last failed: cause, evidence and advice; `none` if it never failed. */
  @Get('agents/:id/diagnosis')
  @Needs('viewer')
  @ApiOkResponse({ type: DiagnosisDto })
  @Problems('agent-not-found')
  diagnosis(@Param('id', AgentIdPipe) agentId: string) {
    const { remedy, diagnosedAt, ...diagnosis } = this.loop.diagnose(agentId);
    return { ...diagnosis, restartable: remedy !== 'person', diagnosedAt: isoTime(diagnosedAt) };
  }
}
