import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { Problem } from '../kernel';
import { isAllowedHost } from '../auth';
import { SETTINGS, type ResolvedSettings } from '../config';

/**
 * Refuses a request that a browser sends from a page of another host. A page that got hold of a token could use it
 * otherwise, since a request that changes something needs no readable answer.
 */
@Injectable()
export class OriginGuard implements CanActivate {
  constructor(@Inject(SETTINGS) private readonly settings: Pick<ResolvedSettings, 'HOST' | 'ALLOWED_HOSTS'>) {}

  canActivate(context: ExecutionContext): boolean {
    const { origin } = context.switchToHttp().getRequest<Request>().headersDistinct;
    const allowed = [this.settings.HOST, ...this.settings.ALLOWED_HOSTS];
    if ((origin ?? []).every((each) => isAllowedOrigin(each, allowed))) return true;
    throw new Problem(
      'forbidden',
      'The request comes from a page of a host that is not allowed. If the host is yours, add it to ALLOWED_HOSTS.',
    );
  }
}

/** Returns true for the origin of a page on an allowed host. `null`, the origin of a sandboxed page, is none. */
export function isAllowedOrigin(origin: string, allowed: readonly string[]): boolean {
  const host = /^https?:\/\/([^/]*)$/i.exec(origin)?.[1];
  return host !== undefined && isAllowedHost(host, allowed);
}
