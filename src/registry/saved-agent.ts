import { z } from 'zod';
import { agentDefinitionSchema, policySchema, readSaved, type InvalidMember, type Saved } from '../kernel';
import type { AgentCard } from './registered-agent';

const { args, envFrom, tags, capabilities, healthUrl, endpoint, apiRole, maxMemoryMb } = agentDefinitionSchema.shape;

const names = z.array(z.string());

const members = { args, env_names: names, env_from: envFrom, tags, capabilities } as const;
const columns = { health_url: healthUrl, endpoint, api_role: apiRole, max_memory_mb: maxMemoryMb } as const;
const shape = { ...members, ...columns };

const DEFAULTS = {
  ...{ args: [], env_names: [], env_from: [], tags: [], capabilities: [] },
  ...{ health_url: null, endpoint: null, api_role: null, max_memory_mb: null },
};

export type SavedColumns = z.output<z.ZodObject<typeof shape>>;

/** Reads the columns of an agent's row whose content the database does not validate. */
export function parseSavedColumns(row: unknown): Saved<SavedColumns> {
  return readSaved(shape, DEFAULTS, row);
}

/** Reads a policy member by member. An invalid member falls back to its setting; the others stay in force. */
export function parseSavedPolicy(json: unknown): Saved<z.output<typeof policySchema>> {
  return within('/policy', readSaved(policySchema.shape, {}, json));
}

/** Reads the values of `env`. An invalid value counts as missing, so that the agent is not launched without it. */
export function parseSavedEnv(json: unknown): Saved<Record<string, string>> {
  return parseTexts('/env', json);
}

/** Reads the headers of the health check. An invalid header is not sent. */
export function parseSavedHeaders(json: unknown): Saved<Record<string, string>> {
  return parseTexts('/healthHeaders', json);
}

/** Reads an agent card. An invalid one counts as missing. */
export function parseSavedCard(json: unknown): Saved<AgentCard | null> {
  if (json === null || json === undefined) return { value: null, faults: [] };
  const { data, error } = z.record(z.string(), z.unknown()).safeParse(json);
  if (error === undefined) return { value: data, faults: [] };
  return { value: null, faults: [{ pointer: '/card', detail: 'is not an object' }] };
}

function parseTexts(place: string, json: unknown): Saved<Record<string, string>> {
  const { data, error } = z.record(z.string(), z.unknown()).safeParse(json ?? {});
  if (error !== undefined) return { value: {}, faults: [{ pointer: place, detail: 'is not an object' }] };
  const entries = Object.entries(data);
  const isText = (entry: readonly [string, unknown]): entry is [string, string] => typeof entry[1] === 'string';
  const faults = entries
    .filter((entry) => !isText(entry))
    .map(([name]) => ({ pointer: `${place}/${name}`, detail: 'is not text' }));
  return { value: Object.fromEntries(entries.filter(isText)), faults };
}

function within<T>(place: string, { value, faults }: Saved<T>): Saved<T> {
  const inside = (fault: InvalidMember): InvalidMember => ({ ...fault, pointer: `${place}${fault.pointer}` });
  return { value, faults: faults.map(inside) };
}
