import path from 'node:path';
import {
  agentDefinitionSchema,
  plainLine,
  type AgentDefinition,
  type AgentDefinitionInput,
  type Policy,
} from '../../kernel';
import { mapEnv } from './map-env';
import { mapInterpreter } from './interpreter';
import type { MapContext } from './map-context';
import type { Places } from './place';
import { AGENTS_NAMESPACE, UNSUPPORTED_IN_FILE, type Pm2App } from './pm2-app';

const MAX_NAME = 200;
const OWN_NAMESPACE =
  'its namespace agents is that of agent-spawner: start it in another one (pm2 start --namespace NAME), then import it';
const MAX_SECONDS = 86_400;

/** How a program of PM2 would be registered. */
export interface MappedApp {
  /** null: it cannot be imported. */
  readonly definition: AgentDefinition | null;
  /** Why it cannot be imported; empty if it can. */
  readonly refusals: readonly string[];
  /** What is not taken over, or differs. */
  readonly warnings: readonly string[];
  /** Names of variables that look like configuration of the program and are not taken over. */
  readonly candidates: readonly string[];
}

/** Maps a program of PM2 to a definition; pure except for what `places` reads. Its texts contain no value of `env`. */
export function mapApp(app: Pm2App, agentId: string, context: MapContext): MappedApp {
  const { places, agentsDir, interpreters } = context;
  const refusals: string[] = [];
  const entryPoint = places.within(app.file);
  if (entryPoint === null || entryPoint === '.') refusals.push(whyOutside(app, agentsDir));
  // Healing would take a running entry of this name and namespace for its own.
  if (app.namespace === AGENTS_NAMESPACE) refusals.push(OWN_NAMESPACE);
  const interpreter = mapInterpreter(app.interpreter, app.file, interpreters, places);
  if (interpreter.kind === 'refused') refusals.push(interpreter.why);
  const cwd = mapCwd(app, places);
  const env = mapEnv(app, context);
  const policy = policyOf(app);
  const warnings = [
    ...(entryPoint !== null && !places.exists(app.file) ? [`${entryPoint} does not exist yet`] : []),
    ...(interpreter.kind === 'mapped' && interpreter.note !== null ? [interpreter.note] : []),
    ...cwd.warnings,
    ...env.warnings,
    ...policy.warnings,
    ...warningsOf(app),
  ];
  const name = plainLine(app.name, MAX_NAME);
  const definition: AgentDefinitionInput = {
    agentId,
    name: name === '' ? agentId : name,
    entryPoint,
    args: [...app.args],
    interpreter: interpreter.kind === 'mapped' ? interpreter.interpreter : null,
    cwd: cwd.cwd,
    env: env.env,
    tags: tagsOf(app),
    maxMemoryMb: app.maxMemoryBytes === null ? null : Math.round((app.maxMemoryBytes / 1_048_576) * 1_000) / 1_000,
    policy: policy.policy,
  };
  const parsed = agentDefinitionSchema.safeParse(definition);
  if (!parsed.success) {
    // The issues name members and rules, never values.
    refusals.push(...parsed.error.issues.map(({ path: place, message }) => `${place.join('.')} ${message}`));
  }
  const isPossible = parsed.success && refusals.length === 0;
  return { definition: isPossible ? parsed.data : null, refusals, warnings, candidates: env.candidates };
}

function whyOutside({ script, file }: Pm2App, agentsDir: string): string {
  if (/\s/.test(script) && !script.startsWith('/')) {
    return 'its script is a command line: put it into a script below AGENTS_DIR';
  }
  const move = `move it there, or start agent-spawner with another AGENTS_DIR`;
  return `${file} is not below AGENTS_DIR (${agentsDir}): ${move}`;
}

function mapCwd({ cwd, file }: Pm2App, places: Places): { cwd: string | null; warnings: readonly string[] } {
  if (cwd === null || cwd === path.dirname(file)) return { cwd: null, warnings: [] };
  const inside = places.within(cwd);
  if (inside !== null) return { cwd: inside, warnings: [] };
  return { cwd: null, warnings: [`its cwd ${cwd} is outside AGENTS_DIR: it will run in the folder of its script`] };
}

function tagsOf({ namespace }: Pm2App): string[] {
  return namespace !== null && agentDefinitionSchema.shape.tags.safeParse([namespace]).success ? [namespace] : [];
}

function policyOf(app: Pm2App): { policy: Policy; warnings: readonly string[] } {
  const { autorestart, stopExitCodes, killTimeoutMs, restartDelayMs, backoffDelayMs } = app;
  const isFinishedByZero = stopExitCodes.includes(0);
  const others = stopExitCodes.filter((code) => code !== 0);
  const restart = autorestart ? (isFinishedByZero ? 'on-failure' : null) : 'never';
  const delay = restartDelayMs === null ? null : secondsOf(restartDelayMs);
  const policy: Policy = {
    ...(restart === null ? {} : { restart }),
    ...(killTimeoutMs === null ? {} : { killTimeoutSeconds: secondsOf(killTimeoutMs) }),
    ...(backoffDelayMs === null ? {} : { backoffBaseSeconds: secondsOf(backoffDelayMs) }),
    ...(delay === null ? {} : { backoffBaseSeconds: delay, backoffMaxSeconds: delay }),
  };
  const warnings = [
    ...(others.length === 0 ? [] : [`stop_exit_codes ${others.join(', ')}: only exit code 0 can mean finished`]),
    ...(restartDelayMs === null ? [] : ['restart_delay: the first restart of an incident comes at once']),
    ...(backoffDelayMs === null ? [] : ['exp_backoff_restart_delay: the delay doubles up to BACKOFF_MAX_SECONDS']),
  ];
  return { policy, warnings };
}

function secondsOf(milliseconds: number): number {
  return Math.min(MAX_SECONDS, milliseconds / 1_000);
}

function warningsOf(app: Pm2App): string[] {
  const { instances, isCluster, interpreterArgs, namespace } = app;
  const isMany = instances !== 1;
  const count = instances === 0 ? 'one process a processor' : `${instances} processes`;
  return [
    ...(isMany ? [`PM2 runs ${count} of it: an agent is one process, so it is imported once`] : []),
    ...(isCluster && !isMany ? ['exec_mode cluster: it will be one plain process'] : []),
    ...(interpreterArgs.length === 0
      ? []
      : ['interpreter_args are not taken over: put them into a start script, or into NODE_OPTIONS in env']),
    ...(namespace !== null && tagsOf(app).length === 0 ? ['its namespace is no valid tag'] : []),
    ...app.others.map((name) => `${name}: ${UNSUPPORTED_IN_FILE[name] ?? 'only env is taken over'}`),
  ];
}
