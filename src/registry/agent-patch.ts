import {
  agentDefinitionSchema,
  invalid,
  parsed,
  type AgentDefinition,
  type AgentPatch,
  type InvalidMember,
} from '../kernel';

/** What a reader is shown of each value of `env`, and what means "as it is" in a patch. */
export const MASK = '***';

/**
 * A definition with a patch laid over it: members replace, `env` merges by key, null removes one of its names, and
 * "***" keeps what is stored.
 *
 * @throws Problem `invalid-request`
 */
export function patched(definition: AgentDefinition, patch: AgentPatch): AgentDefinition {
  const { env: envPatch, ...members } = patch;
  const env = envPatch === undefined ? definition.env : mergedEnv(definition.env, envPatch);
  if (patch.entryPoint !== undefined && (patch.entryPoint === null) !== (definition.entryPoint === null)) {
    throw invalid([
      {
        pointer: '/entryPoint',
        detail: 'cannot make an external agent of a managed one, or the reverse; register it anew',
      },
    ]);
  }
  return parsed(agentDefinitionSchema, { ...definition, ...members, env });
}

function mergedEnv(
  stored: AgentDefinition['env'],
  patch: Readonly<Record<string, string | null>>,
): AgentDefinition['env'] {
  const merged = new Map(Object.entries(stored));
  const faults: InvalidMember[] = [];
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else if (value !== MASK) merged.set(name, value);
    else if (!(name in stored))
      faults.push({ pointer: `/env/${name}`, detail: `is "${MASK}", but nothing is stored under this name` });
  }
  if (faults.length > 0) throw invalid(faults);
  return Object.fromEntries(merged);
}

/** `env` as readers see it: names only. */
export function maskedEnv(env: AgentDefinition['env']): Record<string, typeof MASK> {
  return Object.fromEntries(Object.keys(env).map((name) => [name, MASK]));
}

/** The members in which two definitions differ. */
export function changedMembers(before: AgentDefinition, after: AgentDefinition): (keyof AgentDefinition)[] {
  const members = Object.keys(agentDefinitionSchema.shape) as (keyof AgentDefinition)[];
  return members.filter((member) => canonical(before[member]) !== canonical(after[member]));
}

/** A value as text, whatever the order of its names: the database keeps none. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}
