import { Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { isoTime } from '../kernel';
import { Needs } from '../auth';
import { SupabaseMirror } from '../persistence';
import { MirrorDto, MirrorRetryDto } from './mirror-schemas';
import { Problems } from './openapi';
import { LimitQueryDto } from './schemas';

/** How much of what is here Supabase has. */
@ApiTags('mirror')
@Controller('api/mirror')
export class MirrorController {
  constructor(private readonly mirror: SupabaseMirror) {}

  /** How far it is, and the rows that Supabase refused. */
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

  /** Tries all refused rows again, and whatever else waits at once. */
  @Post('retry')
  @HttpCode(200)
  @Needs('operator')
  @ApiOkResponse({ type: MirrorRetryDto })
  @Problems('database-unavailable')
  async retry(): Promise<MirrorRetryDto> {
    return { retried: await this.mirror.retry() };
  }
}
