import { Inject, Injectable } from '@nestjs/common';
import { AgentSupervisor, currentRunId } from '../healing';
import { AgentRegistry } from '../registry';
import { SIGNING_KEY, verifyAgentToken } from '../runtime';
import type { Principal } from './principal';

/** The tokens of agents: each is worth something only while the process that carries its run id lives. */
@Injectable()
export class AgentTokens {
  constructor(
    private readonly supervisor: AgentSupervisor,
    private readonly registry: AgentRegistry,
    @Inject(SIGNING_KEY) private readonly key: Buffer,
  ) {}

  principalOf(token: string): Principal | null {
    const claims = verifyAgentToken(token, this.key);
    if (claims === null) return null;
    const { agentId, runId } = claims;
    const situation = this.supervisor.situation(agentId);
    if (situation === null || currentRunId(situation.state.phase) !== runId) return null;
    return { kind: 'agent', agentId, runId, role: this.registry.getAgent(agentId).apiRole };
  }
}
