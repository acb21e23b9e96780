import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  type HealthCheckResult,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { Open } from '../auth';
import { Readiness } from './readiness';
import type { Part } from './readiness-part';

/** Answers external monitors of the service. */
@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly checks: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly readiness: Readiness,
  ) {}

  /** Returns 200 while the service answers at all. */
  @Get('live')
  @Open()
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.checks.check([]);
  }

  /**
   * Returns 200 if agents can be started, healed and recorded, else 503 with the part that is down. `GET /api/health`
   * says why.
   */
  @Get('ready')
  @Open()
  @HealthCheck()
  async ready(): Promise<HealthCheckResult> {
    const parts = await this.readiness.parts();
    return this.checks.check(parts.map((part) => () => this.indicatorOf(part)));
  }

  /** Formats a part. Any caller may read this, so it contains only stable phrases and counts. */
  private indicatorOf({ name, state, reason, facts }: Part): HealthIndicatorResult {
    const indicator = this.indicators.check(name);
    switch (state) {
      case 'up':
        return indicator.up(facts);
      case 'degraded':
        return indicator.up({ degraded: true, reason, ...facts });
      case 'down':
        return indicator.down({ reason, ...facts });
    }
  }
}
