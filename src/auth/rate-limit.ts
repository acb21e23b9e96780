import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Problem } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import type { AuthenticatedRequest } from './principal';

const MINUTE_MS = 60_000;

/** Allows `RATE_LIMIT_PER_MINUTE` requests a minute for each token; 0: no limit. */
@Injectable()
export class RateLimit {
  constructor(
    private readonly windows: ThrottlerStorageService,
    @Inject(SETTINGS) private readonly settings: Pick<ResolvedSettings, 'RATE_LIMIT_PER_MINUTE'>,
  ) {}

  /**
   * Counts one request.
   *
   * @throws Problem too-many-requests
   */
  async count(rateKey: string): Promise<void> {
    const limit = this.settings.RATE_LIMIT_PER_MINUTE;
    if (limit === 0) return;
    const window = await this.windows.increment(rateKey, MINUTE_MS, limit, MINUTE_MS, 'requests');
    if (!window.isBlocked) return;
    throw new Problem(
      'too-many-requests',
      `The token exceeded its limit of ${limit} requests a minute. Wait, or raise RATE_LIMIT_PER_MINUTE.`,
      {
        retryAfterSeconds: Math.max(1, window.timeToBlockExpire),
      },
    );
  }
}

/**
 * Counts the requests that the access guard admits. The guard itself counts those that it refuses for lack of a role.
 */
@Injectable()
export class RateGuard implements CanActivate {
  constructor(private readonly limit: RateLimit) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { rateKey } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    if (rateKey !== undefined) await this.limit.count(rateKey);
    return true;
  }
}
