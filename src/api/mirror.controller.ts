import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { isoTime } from '../kernel';
import { Needs } from '../auth';
import { SupabaseMirror } from '../mirror';
import { MirrorDto, MirrorRetryDto } from './mirror-schemas';
import { Problems } from './openapi';
import { LimitQueryDto } from './schemas';

/** Reports the state of the Supabase mirror. */
@ApiTags('mirror')
@Controller('api/mirror')
export class MirrorController {
  constructor(private readonly mirror: SupabaseMirror) {}

  /** Returns the progress of the mirror, and the rows that Supabase refused. */
  @Get()
  @Needs('viewer')
  @ApiOkResponse({ type: MirrorDto })
  @Problems('invalid-request', 'database-unavailable')
  async status(@Query() query: LimitQueryDto): Promise<MirrorDto> {
    const refusals = await this.mirror.refusals(query.limit);
    const current = await this.mirror.currentStatus();
    const { configured, state, waiting, lagSeconds, setAside, lastError, degraded } = current;
    const refused = refusals.map((refusal) => ({ ...refusal, refusedAt: isoTime(refusal.refusedAt) }));
    return { configured, state, waiting, lagSeconds, setAside, lastError, degraded, refused };
  }

  /** Retries all refused rows, and uploads everything that waits at once. */
  @Post('retry')
  @HttpCode(200)
  @Needs('operator')
  @ApiOkResponse({ type: MirrorRetryDto })
  @Problems('database-unavailable')
  async retry(): Promise<MirrorRetryDto> {
    return { retried: await this.mirror.retry() };
  }
}
