import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerStorageService } from '@nestjs/throttler';
import { Problem } from '../kernel';
import { AccessTokens } from './access-tokens';
import { AgentTokens } from './agent-tokens';
import { addressKeyOf, bearerTokenOf, rateKeyOf } from './credentials';
import { RateLimit } from './rate-limit';
import { isAllowed, type AuthenticatedRequest, type Need, type Principal } from './principal';

const NEED = 'agent-spawner:need';

/** Declares the access that a route requires. A route without a declaration refuses every caller. */
export const Needs = (need: Need) => SetMetadata(NEED, need);
/** Declares a route that requires no token. */
export const Open = () => SetMetadata(NEED, 'nothing');

const MINUTE_MS = 60_000;
/** Failed authentications per minute after which an address is blocked. */
const FAILURES_PER_MINUTE = 300;

/** Admits a request if its token is valid and has the role that the route requires. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: AccessTokens,
    private readonly agents: AgentTokens,
    private readonly windows: ThrottlerStorageService,
    private readonly limit: RateLimit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const need = this.reflector.getAllAndOverride<Need | 'nothing' | undefined>(NEED, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (need === 'nothing') return true;
    if (need === undefined)
      throw new Problem(
        'forbidden',
        'This route declares no role, so no caller may use it. Report this fault of agent-spawner.',
      );
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const token = bearerTokenOf(request.headersDistinct.authorization);
    const principal = token === null ? null : this.principalOf(token);
    if (principal === null || token === null) {
      await this.countFailure(addressKeyOf(request.ip));
      throw new Problem('unauthenticated', 'The request has no valid token. Send one as Authorization: Bearer TOKEN.');
    }
    const { id } = request.params;
    if (!isAllowed(principal, need, typeof id === 'string' ? id : null)) {
      // The rate guard runs only for admitted requests.
      await this.limit.count(rateKeyOf(token));
      const required = need === 'own-agent' ? "the agent's own token or the role operator" : `the role ${need}`;
      const held = principal.role === null ? 'no role' : `the role ${principal.role}`;
      throw new Problem(
        'forbidden',
        `This route requires ${required}; the token has ${held}. Use a token with the required role.`,
      );
    }
    request.principal = principal;
    request.rateKey = rateKeyOf(token);
    return true;
  }

  private principalOf(token: string): Principal | null {
    const role = this.tokens.roleOf(token);
    return role === null ? this.agents.principalOf(token) : { kind: 'api-token', role };
  }

  /**
   * Limits failed authentications by address, to slow down guessing. The limit never applies to a request with a valid
   * token.
   */
  private async countFailure(address: string): Promise<void> {
    const window = await this.windows.increment(
      `failed:${address}`,
      MINUTE_MS,
      FAILURES_PER_MINUTE,
      MINUTE_MS,
      'failed',
    );
    if (!window.isBlocked) return;
    throw new Problem(
      'too-many-requests',
      'Too many failed authentications from this address. Wait, then send a valid token.',
      {
        retryAfterSeconds: Math.max(1, window.timeToBlockExpire),
      },
    );
  }
}
