import { Injectable } from '@nestjs/common';
import { AgentViews } from '../healing';
import { invalid, Problem } from '../kernel';
import { AgentRegistry, type AgentCard } from '../registry';
import { CardFault, readCard } from './agent-card';
import { definitionOfCard } from './card-definition';
import { CardFetcher } from './card-fetcher';
import { cardUrlOf, type ImportRequest } from './import-request';
import { addSupervision } from './supervised-card';

/** Registers external agents from their A2A agent cards, and serves these cards with their present state. */
@Injectable()
export class AgentCards {
  constructor(
    private readonly registry: AgentRegistry,
    private readonly views: AgentViews,
    private readonly fetcher: CardFetcher,
  ) {}

  /**
   * Fetches a card and registers its agent.
   *
   * @returns the agent id
   * @throws Problem `invalid-request` (pointer `/url` if the card cannot be used), `agent-exists`,
   * `operation-in-progress`, `database-unavailable`
   */
  async import(request: ImportRequest): Promise<string> {
    if (request.agentId !== undefined) this.requireUnused(request.agentId);
    const url = cardUrlOf(request.url);
    try {
      const card = readCard(await this.fetcher.fetch(url));
      const built = definitionOfCard(card, request, url.href);
      if (built.kind === 'fault') throw invalid([built.fault]);
      const { agentId } = await this.registry.registerWithCard(built.definition, card);
      return agentId;
    } catch (error) {
      if (error instanceof CardFault) throw invalid([{ pointer: '/url', detail: error.message }]);
      throw error;
    }
  }

  /**
   * Returns the card of an agent with the extension for its state.
   *
   * @throws Problem `agent-not-found`; `not-found` if the agent was not imported from a card
   */
  cardOf(agentId: string): AgentCard {
    const { card } = this.registry.getAgent(agentId);
    if (card !== null) return addSupervision(card, this.views.view(agentId));
    throw new Problem(
      'not-found',
      `${agentId} has no agent card: it was not imported from one, and none is made up. An agent that speaks A2A is registered with POST /api/agents/import-card.`,
    );
  }

  /** Saves a fetch that would be in vain. The registration itself checks the id again. */
  private requireUnused(agentId: string): void {
    if (!this.registry.listAgents().some((agent) => agent.agentId === agentId)) return;
    throw new Problem(
      'agent-exists',
      `${agentId} is already registered. Change it with PATCH /api/agents/${agentId}, or give another agentId.`,
    );
  }
}
