import type { Request } from 'express';
import type { Role } from '../config';

/** Authenticated caller. */
export type Principal =
  /** An operator or a program, by a token of API_TOKENS or the generated admin token. */
  | { readonly kind: 'api-token'; readonly role: Role }
  /** An agent, by the token of its current run. `role` is what its definition allows it beyond its own heartbeat. */
  | {
      readonly kind: 'agent';
      readonly agentId: string;
      readonly runId: string;
      readonly role: 'viewer' | 'operator' | null;
    };

/** Request whose caller is authenticated. */
export interface AuthenticatedRequest extends Request {
  principal?: Principal;
  /** Key under which its requests are counted. */
  rateKey?: string;
}

const RANK: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, admin: 3 };

/** Access that a route requires: a role, or `own-agent` for the agent itself and for operators. */
export type Need = Role | 'own-agent';

/** Returns true if `principal` may use a route that requires `need`. `agentId` is the id in the route, or null. */
export function isAllowed(principal: Principal, need: Need, agentId: string | null): boolean {
  if (need === 'own-agent') {
    if (principal.kind === 'agent' && principal.agentId === agentId) return true;
    return hasRole(principal, 'operator');
  }
  return hasRole(principal, need);
}

function hasRole({ role }: Principal, needed: Role): boolean {
  return role !== null && includesRole(role, needed);
}

/** Returns true if a caller with the role `held` may do what requires the role `needed`. */
export function includesRole(held: Role, needed: Role): boolean {
  return RANK[held] >= RANK[needed];
}
