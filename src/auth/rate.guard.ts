import { createHash } from 'node:crypto';
import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Problem } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import type { AuthenticatedRequest } from './access.guard';

const MINUTE_MS = 60_000;

/** At most `RATE_LIMIT_PER_MINUTE` requests a token; runs after the access guard, so the token is a valid one. */
@Injectable()
export class RateGuard implements CanActivate {
  constructor(
    private readonly windows: ThrottlerStorageService,
    @Inject(SETTINGS) private readonly settings: ResolvedSettings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const limit = this.settings.RATE_LIMIT_PER_MINUTE;
    if (limit === 0 || request.principal === undefined) return true;
    const who = createHash('sha256')
      .update(request.headers.authorization ?? '')
      .digest('base64url');
    const window = await this.windows.increment(`token:${who}`, MINUTE_MS, limit, MINUTE_MS, 'requests');
    if (!window.isBlocked) return true;
    throw new Problem(
      'too-many-requests',
      `This token may make ${limit} requests a minute. Wait, or raise RATE_LIMIT_PER_MINUTE.`,
      {
        retryAfterSeconds: Math.max(1, window.timeToBlockExpire),
      },
    );
  }
}
