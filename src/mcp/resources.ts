import { Inject, Injectable } from '@nestjs/common';
import {
  ResourceNotFoundError,
  type ReadResourceResult,
  type Resource,
  type ResourceTemplateType,
} from '@modelcontextprotocol/server';
import { AGENT_ID_PATTERN, AGENT_STATUSES, CLOCK, isoTime, isProblem, type Clock } from '../kernel';
import { EventLog } from '../events';
import { AgentViews, SelfHealingLoop } from '../healing';
import { stateOf } from './agent-state';
import { fitFirst, fitLast } from './page';
import { detailOf } from './tools/get-agent';
import { showEvent } from './tools/recent-events';

const SUMMARY = 'fleet://summary';
const JSON_TYPE = 'application/json';
const AGENT = /^agent:\/\/([^/]+)\/?$/;
const INCIDENT = /^incident:\/\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\/?$/i;
/** Events of one incident that are read. More than a flapping agent causes until its circuit opens. */
const MOST_EVENTS = 200;
const NEEDS_ATTENTION: ReadonlySet<string> = new Set(['halted', 'unhealthy', 'backing-off', 'recovering']);

const RESOURCES: readonly Resource[] = [
  {
    uri: SUMMARY,
    name: 'fleet',
    title: 'Fleet summary',
    description: 'Counts by status, and who needs attention',
    mimeType: JSON_TYPE,
  },
];

const TEMPLATES: readonly ResourceTemplateType[] = [
  {
    uriTemplate: 'agent://{id}',
    name: 'agent',
    title: 'Agent',
    description: 'One agent, as get_agent',
    mimeType: JSON_TYPE,
  },
  {
    ...{ uriTemplate: 'incident://{id}', name: 'incident', title: 'Incident', mimeType: JSON_TYPE },
    description: 'The events of one incident. Its id is in lastFailure and in events',
  },
];

/** Reads the resources. Each is what a tool for viewers also shows. */
@Injectable()
export class Resources {
  readonly list = RESOURCES;
  readonly templates = TEMPLATES;

  constructor(
    private readonly views: AgentViews,
    private readonly loop: SelfHealingLoop,
    private readonly events: EventLog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @throws ResourceNotFoundError for an address that names nothing */
  async read(uri: string): Promise<ReadResourceResult> {
    const content = await this.contentOf(uri);
    if (content === null) throw new ResourceNotFoundError(uri.slice(0, 256));
    return { contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(content) }] };
  }

  private async contentOf(uri: string): Promise<object | null> {
    if (uri === SUMMARY) return this.summary();
    const agentId = AGENT.exec(uri)?.[1];
    if (agentId !== undefined) return this.agent(agentId);
    const incidentId = INCIDENT.exec(uri)?.[1];
    return incidentId === undefined ? null : this.incident(incidentId.toLowerCase());
  }

  private summary(): object {
    const views = this.views.list();
    const counts = AGENT_STATUSES.map((status) => [status, views.filter((view) => view.status === status).length]);
    const attention = fitFirst(views.filter(({ status }) => NEEDS_ATTENTION.has(status)).map(stateOf));
    return {
      ...{
        generatedAt: isoTime(this.clock.wall()),
        total: views.length,
        byStatus: Object.fromEntries(counts) as object,
      },
      ...{ needAttention: attention.items, truncated: attention.truncated },
    };
  }

  private agent(agentId: string): object | null {
    if (!AGENT_ID_PATTERN.test(agentId)) return null;
    try {
      return detailOf(this.views.view(agentId));
    } catch (error) {
      if (isProblem(error, 'agent-not-found')) return null;
      throw error;
    }
  }

  /** Returns the newest events of an incident, ascending. */
  private async incident(incidentId: string): Promise<object | null> {
    const events = await this.events.list({ incidentId, limit: MOST_EVENTS });
    const [first] = events;
    if (first === undefined) return null;
    const page = fitLast(events.map(showEvent));
    return {
      ...{
        id: incidentId,
        agent: first.agentId,
        startedAt: isoTime(first.occurredAt),
        open: this.isOpen(incidentId, first.agentId),
      },
      ...{ events: page.items, truncated: page.truncated || events.length === MOST_EVENTS },
    };
  }

  /** An agent keeps the diagnosis of its latest incident only. Every earlier one is over. */
  private isOpen(incidentId: string, agentId: string | null): boolean {
    if (agentId === null || !this.views.list().some((view) => view.agentId === agentId)) return false;
    const latest = this.loop.diagnose(agentId);
    return latest.incidentId === incidentId && latest.open;
  }
}
