import type { AgentDefinition } from '../kernel';

/** What is passed on from our own environment without being asked for; secrets have no place here. */
const PASSED_ON = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SHELL'] as const;

/** What one run is told about itself. */
export interface RunFacts {
  readonly runId: string;
  readonly token: string;
  readonly spawnerUrl: string;
  readonly restartCount: number;
  readonly restartReason: string;
  /** The last task that the run before this one reported; null: none. */
  readonly lastTask: string | null;
}

/**
 * The whole environment of an agent's process, but for PM2's bookkeeping: nothing else of ours, of PM2's caller or of
 * its daemon may reach it.
 *
 * @param own our own environment
 * @param withheld names that are never passed on, whatever `envFrom` says: our own settings
 */
export function agentEnvironment(
  definition: AgentDefinition,
  run: RunFacts,
  own: Readonly<Record<string, string | undefined>>,
  withheld: readonly string[],
): Record<string, string> {
  const environment: Record<string, string> = {};
  const passOn = (name: string) => {
    const value = own[name];
    if (value !== undefined) environment[name] = value;
  };
  for (const name of PASSED_ON) passOn(name);
  for (const name of definition.envFrom) if (!withheld.includes(name) && !name.startsWith('AGENT_')) passOn(name);
  Object.assign(environment, definition.env);
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
