import { isDeepStrictEqual } from 'node:util';
import { agentIdOf } from '../../cards/card-definition';
import type { AgentDefinition } from '../../kernel';
import { mapApp, type MappedApp } from './map-app';
import type { MapContext } from './map-context';
import type { LeftOut, Pm2Source } from './pm2-app';

const MAX_ID = 63;

/** Members that an import sets, in the order in which they are shown. */
export const IMPORTED = [
  'name',
  'entryPoint',
  'args',
  'interpreter',
  'cwd',
  'env',
  'tags',
  'maxMemoryMb',
  'policy',
] as const;

export type ImportedMember = (typeof IMPORTED)[number];

/** Registered agent as the service shows it: values of `env` are masked. */
export type Registered = Pick<AgentDefinition, 'agentId' | ImportedMember>;

export interface Difference {
  readonly member: ImportedMember;
  readonly registered: unknown;
  readonly imported: unknown;
}

/** `impossible`: it cannot be registered; `registered` and `differs`: an agent of its id exists, and stays unchanged. */
export type Action = 'register' | 'registered' | 'differs' | 'impossible';

export interface PlannedApp extends MappedApp {
  readonly name: string;
  readonly agentId: string;
  readonly action: Action;
  readonly differences: readonly Difference[];
}

export interface Plan {
  readonly apps: readonly PlannedApp[];
  readonly leftOut: readonly LeftOut[];
}

/** Plans an import: what would be registered, and what differs from what is registered already. */
export function planImport(source: Pm2Source, registered: readonly Registered[], context: MapContext): Plan {
  const used = new Set<string>();
  const apps = source.apps.map((app): PlannedApp => {
    const wanted = agentIdOf(app.name) ?? 'program';
    const agentId = unusedId(wanted, used);
    used.add(agentId);
    const mapped = mapApp(app, agentId, context);
    const renamed =
      agentId === wanted ? [] : [`another program already has the agent id ${wanted}, so it gets ${agentId}`];
    const warnings = [...renamed, ...mapped.warnings];
    const existing = registered.find((agent) => agent.agentId === agentId);
    const differences = existing === undefined ? [] : compare(existing, mapped.definition);
    return {
      ...mapped,
      warnings,
      name: app.name,
      agentId,
      action: actionOf(mapped, existing, differences),
      differences,
    };
  });
  return { apps, leftOut: source.leftOut };
}

function actionOf(
  { definition }: MappedApp,
  existing: Registered | undefined,
  differences: readonly Difference[],
): Action {
  if (definition === null) return 'impossible';
  if (existing === undefined) return 'register';
  return differences.length === 0 ? 'registered' : 'differs';
}

function unusedId(wanted: string, used: ReadonlySet<string>): string {
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `-${number}`;
    const id = `${wanted.slice(0, MAX_ID - suffix.length)}${suffix}`;
    if (!used.has(id)) return id;
  }
}

/** Values of `env` are secret on both sides, so only the names are compared. */
function compare(existing: Registered, definition: AgentDefinition | null): Difference[] {
  if (definition === null) return [];
  return IMPORTED.flatMap((member) => {
    const registered = member === 'env' ? Object.keys(existing.env).sort() : existing[member];
    const imported = member === 'env' ? Object.keys(definition.env).sort() : definition[member];
    return isDeepStrictEqual(registered, imported) ? [] : [{ member, registered, imported }];
  });
}
