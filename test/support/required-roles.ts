type Need = 'nothing' | 'viewer' | 'operator' | 'admin' | 'own-agent';

const RANK = { none: 0, viewer: 1, operator: 2, admin: 3 } as const;

/** The sender of a request. */
export interface Caller {
  readonly token: string | null;
  /** null: the token is missing or invalid. */
  readonly role: keyof typeof RANK | null;
  readonly agentId?: string;
}

/** Maps each documented operation to the role that it requires. A test fails for one that is missing here. */
export const NEEDS: Readonly<Record<string, Need>> = {
  'GET /api/agents': 'viewer',
  'POST /api/agents': 'admin',
  'POST /api/agents/import-card': 'admin',
  'GET /api/agents/{id}/agent-card.json': 'viewer',
  'GET /api/agents/{id}': 'viewer',
  'PATCH /api/agents/{id}': 'admin',
  'DELETE /api/agents/{id}': 'admin',
  'GET /api/agents/{id}/wait': 'viewer',
  'POST /api/agents/{id}/spawn': 'operator',
  'POST /api/agents/{id}/restart': 'operator',
  'POST /api/agents/{id}/pause': 'operator',
  'POST /api/agents/{id}/resume': 'operator',
  'POST /api/agents/{id}/terminate': 'operator',
  'POST /api/agents/{id}/circuit-reset': 'operator',
  'GET /api/agents/{id}/health': 'viewer',
  'POST /api/agents/spawn': 'operator',
  'POST /api/agents/terminate': 'operator',
  'POST /api/agents/{id}/heartbeat': 'own-agent',
  'GET /api/agents/{id}/diagnosis': 'viewer',
  'GET /api/agents/{id}/logs': 'operator',
  'GET /api/agents/{id}/restarts': 'viewer',
  'GET /api/agents/{id}/health-log': 'viewer',
  'GET /api/events': 'viewer',
  'GET /api/events/stream': 'viewer',
  'GET /api/health': 'viewer',
  'GET /api/capabilities': 'viewer',
  'PUT /api/agents/{id}/capabilities': 'admin',
  'POST /api/tasks/route': 'operator',
  'GET /api/mirror': 'viewer',
  'POST /api/mirror/retry': 'operator',
  'GET /health/live': 'nothing',
  'GET /health/ready': 'nothing',
  'GET /metrics': 'viewer',
  'POST /mcp': 'viewer',
};

/** Returns the answer that the contract requires: the caller is admitted, or refused with this status. */
export function expectedAnswer(operation: string, caller: Caller, agentId: string): 'admitted' | 401 | 403 {
  const need = NEEDS[operation] ?? 'admin';
  if (need === 'nothing') return 'admitted';
  if (caller.role === null) return 401;
  if (need === 'own-agent') return caller.agentId === agentId || RANK[caller.role] >= 2 ? 'admitted' : 403;
  return RANK[caller.role] >= RANK[need] ? 'admitted' : 403;
}
