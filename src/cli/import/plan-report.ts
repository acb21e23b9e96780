import { maskedLine, type AgentDefinition } from '../../kernel';
import { IMPORTED, type Difference, type ImportedMember, type Plan, type PlannedApp } from './plan';

const LENGTH = 300;
const MEMBER_WIDTH = 12;

/** What became of a registration. */
export interface Registration {
  readonly name: string;
  readonly agentId: string;
  /** null: it is registered. */
  readonly error: string | null;
}

/** Where the programs still run, and how the agents are started. */
export interface NextSteps {
  readonly url: string;
  /** null: PM2's own home. */
  readonly pm2Home: string | null;
  /** True if the programs were read from PM2's list: they run beside the agents until they are deleted. */
  readonly isRunning: boolean;
}

/** Describes a plan for the operator. Shows names of `env`, never values. */
export function planText(plan: Plan, source: string): string {
  const { apps, leftOut } = plan;
  if (apps.length + leftOut.length === 0) return `${source}: no programs.`;
  let number = 0;
  const blocks = apps.map((app) => appText(app, app.action === 'register' ? `${(number += 1)}.` : '-'));
  const others = leftOut.map(({ name, why }) => `- ${shown(name)}: left out, ${why}`);
  return [`${source}:`, '', ...blocks, ...others].join('\n').trimEnd();
}

const HEADINGS = {
  register: 'can be registered as',
  registered: 'is registered already, as',
  differs: 'is registered already, but differs from',
  impossible: 'cannot be imported as',
} as const;

function appText(app: PlannedApp, bullet: string): string {
  const { name, agentId, action, definition, differences, refusals, warnings, candidates } = app;
  const lines = [`${bullet} ${shown(name)} ${HEADINGS[action]} ${agentId}`];
  if (definition !== null && action === 'register') lines.push(...memberLines(definition));
  lines.push(...differences.map((difference) => differenceLine(difference, secretsOf(app))));
  lines.push(...refusals.map((why) => `    x ${shown(why)}`), ...warnings.map((why) => `    ! ${shown(why)}`));
  if (candidates.length > 0 && action === 'register') {
    lines.push(`    ? env is not taken over. Perhaps it needs --env ${candidates.join(',')}`);
  }
  if (action === 'differs') lines.push('    ! it is not changed: change it with PATCH, if PM2 is right');
  return `${lines.join('\n')}\n`;
}

function memberLines(definition: AgentDefinition): string[] {
  const secrets = Object.values(definition.env);
  return IMPORTED.flatMap((member) => {
    const value = member === 'env' ? Object.keys(definition.env) : definition[member];
    return isDefault(member, value) ? [] : [`    + ${member.padEnd(MEMBER_WIDTH)} ${jsonOf(value, secrets)}`];
  });
}

function isDefault(member: ImportedMember, value: unknown): boolean {
  return member === 'name' || value === null || ['[]', '{}'].includes(JSON.stringify(value));
}

function differenceLine({ member, registered, imported }: Difference, secrets: readonly string[]): string {
  return `    ~ ${member.padEnd(MEMBER_WIDTH)} ${jsonOf(registered, secrets)} is registered, PM2 has ${jsonOf(imported, secrets)}`;
}

function secretsOf({ definition }: PlannedApp): readonly string[] {
  return Object.values(definition?.env ?? {});
}

/** Arguments may contain keys. */
function jsonOf(value: unknown, secrets: readonly string[]): string {
  return maskedLine(JSON.stringify(value), secrets, LENGTH);
}

function shown(text: string): string {
  return maskedLine(text, [], LENGTH);
}

/** Returns the plan for a program. Values of `env` are masked, and so are keys of well-known forms in arguments. */
export function planJson({ apps, leftOut }: Plan): unknown {
  return {
    programs: apps.map((app) => ({
      ...app,
      definition: app.definition === null ? null : masked(app.definition),
      differences: app.differences.map(({ member, registered, imported }) => ({
        member,
        registered: maskedJson(registered, secretsOf(app)),
        imported: maskedJson(imported, secretsOf(app)),
      })),
    })),
    leftOut,
  };
}

function masked(definition: AgentDefinition): unknown {
  const { env } = definition;
  const names = Object.fromEntries(Object.keys(env).map((name) => [name, '***']));
  const args = maskedJson(definition.args, Object.values(env));
  return { ...definition, args, env: names };
}

function maskedJson(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return maskedLine(value, secrets, LENGTH);
  return Array.isArray(value) ? value.map((each) => maskedJson(each, secrets)) : value;
}

/** Describes what was registered, and what to do next so that no program runs twice. */
export function resultText(results: readonly Registration[], { url, pm2Home, isRunning }: NextSteps): string {
  const lines = results.map(({ name, agentId, error }) =>
    error === null ? `registered ${agentId} (stopped)` : `${shown(name)} was not registered: ${shown(error)}`,
  );
  const registered = results.filter(({ error }) => error === null);
  if (registered.length === 0) return lines.join('\n');
  const pm2 = pm2Home === null ? 'npx pm2' : `PM2_HOME=${quoted(pm2Home)} npx pm2`;
  lines.push('', 'Next: move them one by one. A program that still runs under PM2 would run twice.');
  for (const { name, agentId } of registered) {
    if (isRunning) lines.push(`  ${pm2} delete ${quoted(name)}`);
    lines.push(`  curl -X POST -H "Authorization: Bearer $TOKEN" ${url}/api/agents/${agentId}/spawn`);
  }
  if (!isRunning) lines.push(`If PM2 runs one of them, delete it there first: ${pm2} delete NAME`);
  lines.push(`If PM2 saved its list (pm2 save), save it again afterwards: ${pm2} save`);
  return lines.join('\n');
}

/** Quotes a word for a shell. */
function quoted(word: string): string {
  return /^[\w./:@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
