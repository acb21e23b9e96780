import { Inject, Injectable } from '@nestjs/common';
import { AgentSupervisor, currentRunId } from '../healing';
import { AgentRegistry } from '../registry';
import { SIGNING_KEY, verifyAgentToken } from '../processes/read-only';
import type { Principal } from './principal';

/** Checks the tokens of agents. A token is valid only while its run is the agent's current run. */
@Injectable()
export class AgentTokens {
  constructor(
    private readonly supervisor: AgentSupervisor,
    private readonly registry: AgentRegistry,
    @Inject(SIGNING_KEY) private readonly key: Buffer,
  ) {}

  /** Returns the agent that a token belongs to; null if the token is invalid, or its run is not the current one. */
  principalOf(token: string): Principal | null {
    const claims = verifyAgentToken(token, this.key);
    if (claims === null) return null;
    const { agentId, runId } = claims;
    const machineState = this.supervisor.machineState(agentId);
    if (machineState === null || currentRunId(machineState.state.phase) !== runId) return null;
    return { kind: 'agent', agentId, runId, role: this.registry.getAgent(agentId).apiRole };
  }
}
