import type { AgentView } from '../../src/kernel';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A problem as the API returns it. */
export interface ProblemAnswer {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface EventRow {
  readonly seq: number;
  readonly id: string;
  readonly agentId: string | null;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly occurredAt: string;
}

const TIMEOUT_MS = 60_000;

/** A client of the API over real HTTP. */
export class ApiClient {
  constructor(
    readonly url: string,
    private readonly token: string | null,
  ) {}

  withToken(token: string | null): ApiClient {
    return new ApiClient(this.url, token);
  }

  async request<T>(method: string, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as T,
    };
  }

  get<T>(path: string): Promise<Answer<T>> {
    return this.request('GET', path);
  }

  post<T>(path: string, body?: unknown): Promise<Answer<T>> {
    return this.request('POST', path, body);
  }

  /**
   * Sends a request and returns the body.
   *
   * @throws Error with the answer if its status is not `status`
   */
  async expect<T>(status: number, method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.request<T>(method, path, body);
    if (answer.status === status) return answer.body;
    throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  agent(agentId: string): Promise<AgentView> {
    return this.expect(200, 'GET', `/api/agents/${agentId}`);
  }

  async agents(): Promise<AgentView[]> {
    return (await this.expect<{ agents: AgentView[] }>(200, 'GET', '/api/agents')).agents;
  }

  register(definition: Readonly<Record<string, unknown>>): Promise<AgentView> {
    return this.expect(201, 'POST', '/api/agents', definition);
  }

  spawn(agentId: string): Promise<AgentView> {
    return this.expect(200, 'POST', `/api/agents/${agentId}/spawn`);
  }

  restart(agentId: string, body?: unknown): Promise<AgentView> {
    return this.expect(200, 'POST', `/api/agents/${agentId}/restart`, body);
  }

  terminate(agentId: string): Promise<AgentView> {
    return this.expect(200, 'POST', `/api/agents/${agentId}/terminate`);
  }

  /** Returns all events, or all events of one agent, oldest first. */
  async events(agentId?: string): Promise<EventRow[]> {
    const all: EventRow[] = [];
    for (let after = 0; ;) {
      const query = `after=${after}&limit=1000${agentId === undefined ? '' : `&agentId=${agentId}`}`;
      const { events } = await this.expect<{ events: EventRow[] }>(200, 'GET', `/api/events?${query}`);
      all.push(...events);
      const last = events.at(-1);
      if (last === undefined || events.length < 1000) return all;
      after = last.seq;
    }
  }

  async eventTypes(agentId: string): Promise<string[]> {
    return (await this.events(agentId)).map(({ type }) => type);
  }
}
