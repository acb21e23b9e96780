import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { adminTokenFile } from '../../auth/access-tokens';
import { OwnAddress, type ResolvedSettings } from '../../config';
import { agentViewSchema, errorCodeOf, messageOf, plainLine, Problem, type AgentDefinition } from '../../kernel';
import type { Registered } from './plan';

const TIMEOUT_MS = 15_000;
const ERROR_LENGTH = 300;

const listSchema = z.object({
  agents: z.array(
    agentViewSchema.pick({
      ...{ agentId: true, name: true, entryPoint: true, args: true, interpreter: true, cwd: true },
      ...{ env: true, tags: true, maxMemoryMb: true, policy: true },
    }),
  ),
});

const problemSchema = z.object({
  detail: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

/** Client of the running agent-spawner, for this command. */
export class ServiceClient {
  private constructor(
    readonly url: string,
    /** null: the service has not generated one yet, so it never ran on this DATA_DIR. */
    private readonly token: string | null,
  ) {}

  /**
   * Finds URL and admin token where the service has them: in the settings, or in the file of its generated token.
   *
   * @param url null: derived from HOST and PORT
   * @throws Problem `unauthenticated` if API_TOKENS has no admin, or the file cannot be read
   */
  static of(settings: ResolvedSettings, url: string | null): ServiceClient {
    const token = settings.API_TOKENS.find(({ role }) => role === 'admin')?.token ?? savedToken(settings);
    return new ServiceClient((url ?? new OwnAddress(settings).url()).replace(/\/+$/, ''), token);
  }

  /** Returns the registered agents; null if no service answers. @throws Problem if it refuses */
  async list(): Promise<readonly Registered[] | null> {
    if (this.token === null) return null;
    const response = await this.send('GET', undefined).catch(() => null);
    if (response === null) return null;
    if (!response.ok)
      throw new Problem('forbidden', `${this.url} refused the list of agents: ${await whyOf(response)}`);
    const parsed = listSchema.safeParse(await response.json().catch(() => null));
    if (parsed.success) return parsed.data.agents;
    throw new Problem('invalid-request', `${this.url} is not the API of agent-spawner. Check PORT, or use --url.`);
  }

  /** Registers an agent. @returns why it was refused; null if it is registered */
  async register(definition: AgentDefinition): Promise<string | null> {
    try {
      const response = await this.send('POST', definition);
      return response.ok ? null : await whyOf(response);
    } catch (error) {
      return `${this.url} did not answer: ${messageOf(error)}`;
    }
  }

  private send(method: 'GET' | 'POST', body: unknown): Promise<Response> {
    return fetch(`${this.url}/api/agents`, {
      method,
      // The token must not follow a redirect to another host.
      redirect: 'error',
      headers: { authorization: `Bearer ${this.token ?? ''}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  }
}

async function whyOf(response: Response): Promise<string> {
  const parsed = problemSchema.safeParse(await response.json().catch(() => null));
  if (!parsed.success) return `it answered ${response.status}`;
  const { detail, errors = [] } = parsed.data;
  const others = errors.slice(1).map((each) => `${each.pointer}: ${each.detail}`);
  return plainLine([detail, ...others].join(' '), ERROR_LENGTH);
}

function savedToken(settings: ResolvedSettings): string | null {
  const file = adminTokenFile(settings);
  if (settings.API_TOKENS.length > 0) {
    throw new Problem(
      'unauthenticated',
      'API_TOKENS has no token with the role admin, which a registration needs. Add one.',
    );
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw new Problem(
      'unauthenticated',
      `The admin token cannot be read from ${file}: ${messageOf(error)}. Check DATA_DIR.`,
    );
  }
}
