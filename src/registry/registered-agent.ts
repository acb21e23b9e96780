import { createHash } from 'node:crypto';
import { LAUNCH_MEMBERS, type AgentDefinition } from '../kernel';

/** Agent card (A2A) as it was fetched and cleaned: plain JSON. */
export type AgentCard = Readonly<Record<string, unknown>>;

/** Definition to register, with the card that it was made from; null or omitted: it was made from none. */
export type Registration = AgentDefinition & { readonly card?: AgentCard | null };

/** Registered definition. */
export interface RegisteredAgent extends AgentDefinition {
  /** UUID of its row. */
  readonly id: string;
  /**
   * Names of `env` whose values are missing on this machine: the agent was restored from the mirror, which stores no
   * values.
   */
  readonly missingEnv: readonly string[];
  /** Agent card that the agent was imported from; null: none. A change of the definition leaves it unchanged. */
  readonly card: AgentCard | null;
  /** Wall clock, epoch milliseconds. */
  readonly registeredAt: number;
  readonly updatedAt: number;
}

/** Returns the definition of a registered agent, without the members that registration adds. */
export function definitionOf(agent: RegisteredAgent): AgentDefinition {
  const { id: _id, missingEnv: _missing, card: _card, registeredAt: _registered, updatedAt: _updated, ...rest } = agent;
  return rest;
}

/** Freezes deeply, because every reader receives the same object. */
export function freezeDeeply<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(freezeDeeply);
  return value;
}

/**
 * Identifies what a process is launched with. Two fingerprints are equal exactly if all launch members and `policy.otel`
 * are, independent of the order of names.
 */
export function launchFingerprint(definition: AgentDefinition): string {
  const members = LAUNCH_MEMBERS.map((member) => `${member}:${canonical(definition[member])}`);
  // Added only if it is set, so that the fingerprints of processes that an earlier version launched stay equal.
  if (hasTelemetry(definition)) members.push('policy.otel:true');
  return createHash('sha256').update(members.join('\n')).digest('hex');
}

/** Returns true if the process gets the variables of OpenTelemetry. They are the one part of a policy that it is given. */
export function hasTelemetry({ policy }: Pick<AgentDefinition, 'policy'>): boolean {
  return policy.otel === true;
}

/** Serializes a value independently of the order of its names, which the database does not preserve. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}
