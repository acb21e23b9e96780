import { Injectable, SetMetadata, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerStorageService } from '@nestjs/throttler';
import type { Request } from 'express';
import { Problem } from '../kernel';
import { AccessTokens } from './access-tokens';
import { AgentTokens } from './agent-tokens';
import { isAllowed, type Need, type Principal } from './principal';

const NEED = 'agent-spawner:need';

/** Who may use a route. A route without it is refused to everybody. */
export const Needs = (need: Need) => SetMetadata(NEED, need);
/** A route that is open to everybody. */
export const Open = () => SetMetadata(NEED, 'nothing');

const MINUTE_MS = 60_000;
const FAILURES_A_MINUTE = 300;

/** A request, once it is known who asks. */
export interface AuthenticatedRequest extends Request {
  principal?: Principal;
}

/** Lets in who may come in: by a token, and by the role that the route needs. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: AccessTokens,
    private readonly agents: AgentTokens,
    private readonly windows: ThrottlerStorageService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const need = this.reflector.getAllAndOverride<Need | 'nothing' | undefined>(NEED, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (need === 'nothing') return true;
    if (need === undefined) throw new Problem('forbidden', 'This route says nothing of who may use it, so nobody may.');
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const principal = this.authenticate(request.headers.authorization);
    if (principal === null) {
      await this.refuse(request.ip ?? 'unknown');
      throw new Problem('unauthenticated', 'Send a valid token: Authorization: Bearer TOKEN.');
    }
    const { id } = request.params;
    if (!isAllowed(principal, need, typeof id === 'string' ? id : null)) {
      const held = principal.role ?? 'no role';
      throw new Problem(
        'forbidden',
        `This needs ${need === 'own-agent' ? "the agent's own token or operator" : need}; the token has ${held}.`,
      );
    }
    request.principal = principal;
    return true;
  }

  private authenticate(header: string | undefined): Principal | null {
    const token = /^Bearer +([^\s]{1,4096})$/i.exec(header ?? '')?.[1];
    if (token === undefined) return null;
    const role = this.tokens.roleOf(token);
    return role === null ? this.agents.principalOf(token) : { kind: 'person', role };
  }

  /** Guessing is slowed down by address; a valid token is never held up by somebody else's guesses. */
  private async refuse(address: string): Promise<void> {
    const window = await this.windows.increment(`failed:${address}`, MINUTE_MS, FAILURES_A_MINUTE, MINUTE_MS, 'failed');
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
