import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, isLoopback, type Clock } from '../../kernel';
import { AgentDefinitions, type RegisteredAgent } from '../../registry';
import { SIGNING_KEY } from '../../processes/read-only';
import { NOT_PROBED, type CheckResult } from '../check-result';
import { Heartbeats } from '../heartbeat/heartbeats';
import { RunSecrets } from '../run-secrets';
import { HTTP } from './http-probe';
import type { Probe, ProbeKind } from './probe';

/** Kinds of probes. To add one, add its file and a row here. */
const KINDS: readonly ProbeKind[] = [HTTP];

const UNSUPPORTED: CheckResult = {
  ...NOT_PROBED,
  ok: false,
  error: 'its health URL has an unsupported scheme',
  cause: 'unhealthy-response',
};

const DOMAIN = 'agent-spawner/health-check/v1';

type Settings = Pick<RegisteredAgent, 'healthUrl' | 'healthHeaders'>;

/** Probes agents at the health URL of their definition or heartbeat. */
@Injectable()
export class AgentProbe {
  /** By URL scheme, with its colon. */
  private readonly probes: ReadonlyMap<string, Probe>;

  constructor(
    private readonly registry: AgentDefinitions,
    private readonly heartbeats: Heartbeats,
    @Inject(SIGNING_KEY) private readonly key: Buffer,
    @Inject(CLOCK) clock: Clock,
    private readonly secrets: RunSecrets,
  ) {
    this.probes = new Map(
      KINDS.flatMap(({ protocols, make }) => {
        const probe = make(clock);
        return protocols.map((protocol) => [protocol, probe] as const);
      }),
    );
  }

  /**
   * Returns the health URL of an agent, or null if it has none. A URL announced by the present run takes precedence
   * over the definition.
   */
  urlOf(agentId: string): string | null {
    return this.heartbeats.announcedOf(agentId)?.healthUrl ?? this.registry.findAgent(agentId)?.healthUrl ?? null;
  }

  /**
   * Probes an agent. Never rejects. An agent without a health URL is not probed, and the result is a good check.
   *
   * @param runId run of its present process, whose token may be quoted; null: unknown
   */
  async check(agentId: string, runId: string | null, timeoutMs: number): Promise<CheckResult> {
    const announced = this.heartbeats.announcedOf(agentId)?.healthUrl ?? null;
    const agent = this.registry.findAgent(agentId);
    const url = announced ?? agent?.healthUrl ?? null;
    if (url === null || agent === null) return NOT_PROBED;
    const probe = this.probes.get(new URL(url).protocol);
    if (probe === undefined) return UNSUPPORTED;
    return probe.check({
      ...{ url, agentId, timeoutMs, isAnnounced: announced !== null, setup: setupOf(agent, this.key) },
      headers: headersFor(url, agent),
      secrets: () => this.secrets.of(agentId, runId),
    });
  }
}

/**
 * Returns the headers to send to `url`. A heartbeat can only announce a loopback address, so headers that are meant for
 * another host must not go there.
 */
function headersFor(url: string, { healthUrl, healthHeaders }: Settings): Settings['healthHeaders'] {
  const isMeant = healthUrl === null || url === healthUrl || isLoopback(new URL(healthUrl).hostname);
  return isMeant ? healthHeaders : {};
}

/**
 * Returns a keyed digest of the check's settings. The digest is persisted, and the headers are secrets that may be
 * short enough to guess from an unkeyed hash.
 */
function setupOf({ healthUrl, healthHeaders }: Settings, key: Buffer): string {
  const settings = JSON.stringify([healthUrl, Object.entries(healthHeaders).sort()]);
  return createHmac('sha256', key).update(DOMAIN).update(settings).digest('base64url').slice(0, 22);
}
