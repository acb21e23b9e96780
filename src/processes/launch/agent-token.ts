import { createHmac, timingSafeEqual } from 'node:crypto';
import { AGENT_ID_PATTERN } from '../../kernel';

const DOMAIN = 'agent-spawner/agent-token/v1';
const PREFIX = 'agt1';
const RUN_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Agent and run that a token belongs to. */
export interface AgentTokenClaims {
  readonly agentId: string;
  readonly runId: string;
}

/**
 * Creates the token of one run of an agent. It is an HMAC-SHA256 over a domain, the agent ID and the run ID. Each part
 * is prefixed with its length, so that no two pairs produce the same message. The token also marks the process: a token
 * that verifies under the key proves that the supervisor launched it.
 */
export function mintAgentToken(claims: AgentTokenClaims, key: Buffer): string {
  return `${PREFIX}.${claims.agentId}.${claims.runId}.${signature(claims, key).toString('base64url')}`;
}

/**
 * Verifies a token.
 *
 * @returns its claims; null if it was not created with this key
 */
export function verifyAgentToken(token: string, key: Buffer): AgentTokenClaims | null {
  const [prefix, agentId, runId, mac, ...rest] = token.split('.');
  if (prefix !== PREFIX || agentId === undefined || runId === undefined || mac === undefined || rest.length > 0)
    return null;
  if (!AGENT_ID_PATTERN.test(agentId) || !RUN_ID.test(runId)) return null;
  const claims = { agentId, runId };
  const expected = Buffer.from(signature(claims, key).toString('base64url'));
  const given = Buffer.from(mac);
  return given.length === expected.length && timingSafeEqual(given, expected) ? claims : null;
}

function signature(claims: AgentTokenClaims, key: Buffer): Buffer {
  const message = [DOMAIN, claims.agentId, claims.runId].map((part) => `${Buffer.byteLength(part)}:${part}`).join('');
  return createHmac('sha256', key).update(message).digest();
}
