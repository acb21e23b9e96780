import type { Role } from '../config';

/** Who asks. */
export type Principal =
  | { readonly kind: 'person'; readonly role: Role }
  /** An agent by the token of its present run; `role` is what its definition allows it beyond its own heartbeat. */
  | {
      readonly kind: 'agent';
      readonly agentId: string;
      readonly runId: string;
      readonly role: 'viewer' | 'operator' | null;
    };

const RANK: Readonly<Record<Role, number>> = { viewer: 1, operator: 2, admin: 3 };

/** What a route needs: a role, or to be the agent itself (or an operator). */
export type Need = Role | 'own-agent';

/** True when `principal` may use a route that needs `need`; `agentId` is the one in the route, if there is one. */
export function isAllowed(principal: Principal, need: Need, agentId: string | null): boolean {
  if (need === 'own-agent') {
    if (principal.kind === 'agent' && principal.agentId === agentId) return true;
    return hasRole(principal, 'operator');
  }
  return hasRole(principal, need);
}

function hasRole(principal: Principal, needed: Role): boolean {
  return principal.role !== null && RANK[principal.role] >= RANK[needed];
}
