import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { Open } from '../auth';
import { Readiness } from './readiness';

/** For whoever watches the watcher. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly readiness: Readiness,
  ) {}

  /** 200 as long as we answer at all. */
  @Get('live')
  @Open()
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.checks.check([]);
  }

  /** 200 when agents can be started, healed and recorded; else 503, with what is away. */
  @Get('ready')
  @Open()
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.checks.check([
      () => this.readiness.checkDatabase(),
      () => this.readiness.checkProcessManager(),
      () => this.readiness.checkLoops(),
      () => this.readiness.checkTelegram(),
      () => this.readiness.checkMirror(),
    ]);
  }
}
