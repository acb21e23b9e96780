import type { AgentDefinition } from '../../kernel';
import { telemetryVariables } from './telemetry-variables';

/**
 * Variables that every agent and PM2's daemon inherit from the supervisor's environment. Secrets must not be listed
 * here.
 */
const INHERITED = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SHELL'] as const;

type Variables = Readonly<Record<string, string | undefined>>;

/** Returns the inherited variables that are set in `own`, the environment of the supervisor. */
export function pickInherited(own: Variables): Record<string, string> {
  return pick(INHERITED, own);
}

/**
 * Returns the values of an agent's environment that must not be shown: its `env`, and the variables passed on by
 * `envFrom`.
 *
 * @param own environment of the supervisor
 */
export function secretsOf({ env, envFrom }: Pick<AgentDefinition, 'env' | 'envFrom'>, own: Variables): string[] {
  return [...Object.values(env), ...envFrom.flatMap((name) => own[name] ?? [])];
}

/** Facts about a run that are passed to its process. */
export interface RunFacts {
  readonly runId: string;
  readonly token: string;
  readonly spawnerUrl: string;
  readonly restartCount: number;
  readonly restartReason: string;
  /** Last task that the previous run reported; null if none. */
  readonly lastTask: string | null;
}

/**
 * Builds the whole environment of an agent's process, except PM2's bookkeeping. No other variable of the supervisor, of
 * the PM2 client or of the PM2 daemon may reach the agent.
 *
 * @param own environment of the supervisor
 * @param withheld names of the supervisor's own settings; they are never passed on, even if `envFrom` lists them
 */
export function buildAgentEnvironment(
  definition: AgentDefinition,
  run: RunFacts,
  own: Variables,
  withheld: readonly string[],
): Record<string, string> {
  const requested = definition.envFrom.filter((name) => isPassable(name, withheld));
  const environment: Record<string, string> = { ...pickInherited(own), ...pick(requested, own), ...definition.env };
  if (definition.policy.otel === true)
    Object.assign(environment, telemetryVariables(definition.agentId, run.runId, environment));
  environment.AGENT_ID = definition.agentId;
  environment.AGENT_NAME = definition.name;
  environment.AGENT_CAPABILITIES = definition.capabilities.join(',');
  environment.AGENT_HEALTH_URL = definition.healthUrl ?? '';
  environment.AGENT_SPAWNER_URL = run.spawnerUrl;
  environment.AGENT_TOKEN = run.token;
  environment.AGENT_RUN_ID = run.runId;
  environment.AGENT_RESTART_COUNT = String(run.restartCount);
  environment.AGENT_RESTART_REASON = run.restartReason;
  if (run.lastTask !== null) environment.AGENT_LAST_TASK = run.lastTask;
  return environment;
}

/** Returns the names of the variables that `envFrom` may pass on to an agent. */
export function listPassable(own: Variables, withheld: readonly string[]): string[] {
  return Object.keys(own).filter((name) => isPassable(name, withheld));
}

function isPassable(name: string, withheld: readonly string[]): boolean {
  return !withheld.includes(name) && !name.startsWith('AGENT_');
}

function pick(names: readonly string[], own: Variables): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = own[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
