import {
  agentDefinitionSchema,
  invalid,
  LAUNCH_MEMBERS,
  parseOrThrow,
  pointerOf,
  type AgentDefinition,
  type AgentPatch,
  type InvalidMember,
} from '../kernel';
import { canonical, freezeDeeply, hasTelemetry, type RegisteredAgent } from './registered-agent';

/** Shown to readers in place of each value of `env` and `healthHeaders`. In a patch it keeps the stored value. */
export const MASK = '***';

/** Result of a patch. */
export interface PlannedUpdate {
  readonly agent: RegisteredAgent;
  /** Changed members. */
  readonly members: readonly string[];
  /** true: a running process was launched with other values. */
  readonly changesLaunch: boolean;
  /** null: unchanged. */
  readonly capabilities: { readonly before: readonly string[]; readonly after: readonly string[] } | null;
}

/**
 * Applies a patch to a definition. Members are replaced, except that `env` and `healthHeaders` are merged by name: null
 * removes a name, and "***" keeps the stored value.
 *
 * @throws Problem `invalid-request`
 */
export function applyPatch(definition: AgentDefinition, patch: AgentPatch): AgentDefinition {
  const { env: envPatch, healthHeaders: headersPatch, ...members } = patch;
  const env = envPatch === undefined ? definition.env : mergeEnv(definition.env, envPatch);
  const { healthHeaders: stored } = definition;
  const healthHeaders = headersPatch === undefined ? stored : mergeHeaders(stored, headersPatch);
  if (patch.entryPoint !== undefined && (patch.entryPoint === null) !== (definition.entryPoint === null)) {
    throw invalid([
      {
        pointer: '/entryPoint',
        detail:
          'cannot turn a managed agent into an external one, or the reverse; unregister the agent and register it again',
      },
    ]);
  }
  return parseOrThrow(agentDefinitionSchema, { ...definition, ...members, env, healthHeaders });
}

function mergeEnv(
  stored: AgentDefinition['env'],
  patch: Readonly<Record<string, string | null>>,
): AgentDefinition['env'] {
  const merged = new Map(Object.entries(stored));
  const faults: InvalidMember[] = [];
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else if (value !== MASK) merged.set(name, value);
    else if (!(name in stored)) faults.push(maskFaultOf('env', name));
  }
  if (faults.length > 0) throw invalid(faults);
  return Object.fromEntries(merged);
}

/** Merges headers by the rules of `env`, but ignores the case of their names. */
function mergeHeaders(
  stored: AgentDefinition['healthHeaders'],
  patch: Readonly<Record<string, string | null>>,
): AgentDefinition['healthHeaders'] {
  const merged = new Map(Object.entries(stored).map((header) => [header[0].toLowerCase(), header] as const));
  const faults: InvalidMember[] = [];
  for (const [name, value] of Object.entries(patch)) {
    const key = name.toLowerCase();
    if (value === null) merged.delete(key);
    else if (value !== MASK) merged.set(key, [name, value]);
    else if (!merged.has(key)) faults.push(maskFaultOf('healthHeaders', name));
  }
  if (faults.length > 0) throw invalid(faults);
  return Object.fromEntries(merged.values());
}

function maskFaultOf(member: 'env' | 'healthHeaders', name: string): InvalidMember {
  return {
    pointer: pointerOf([member, name]),
    detail: `is "${MASK}", but no value is stored under this name`,
  };
}

/**
 * Compares a registered agent with its patched definition. Returns null if nothing changes.
 *
 * @param definition result of {@link applyPatch}
 * @param wall wall-clock time of the change, epoch milliseconds
 */
export function planUpdate(
  before: RegisteredAgent,
  definition: AgentDefinition,
  patch: AgentPatch,
  wall: number,
): PlannedUpdate | null {
  const missingEnv = before.missingEnv.filter((name) => !(name in (patch.env ?? {})));
  const members = diffMembers(before, definition);
  // Removing a name whose value is missing does not show in the definition, so it is added here.
  if (missingEnv.length < before.missingEnv.length && !members.includes('env')) members.push('env');
  if (members.length === 0) return null;
  const agent = freezeDeeply({ ...before, ...definition, missingEnv, updatedAt: wall });
  const capabilities = members.includes('capabilities')
    ? { before: before.capabilities, after: agent.capabilities }
    : null;
  const changesLaunch =
    LAUNCH_MEMBERS.some((member) => members.includes(member)) || hasTelemetry(before) !== hasTelemetry(agent);
  return { agent, members, changesLaunch, capabilities };
}

/** Returns `env` or `healthHeaders` for readers: names only. */
export function maskValues(env: Readonly<Record<string, string>>): Record<string, typeof MASK> {
  return Object.fromEntries(Object.keys(env).map((name) => [name, MASK]));
}

/** Returns the members in which two definitions differ. */
export function diffMembers(before: AgentDefinition, after: AgentDefinition): (keyof AgentDefinition)[] {
  const members = Object.keys(agentDefinitionSchema.shape) as (keyof AgentDefinition)[];
  return members.filter((member) => canonical(before[member]) !== canonical(after[member]));
}
