/** PM2 namespace of the agents of agent-spawner. */
export const AGENTS_NAMESPACE = 'agents';

/** Program as PM2 runs or configures it, read from PM2's list or from an ecosystem file. Never print its `env`. */
export interface Pm2App {
  readonly name: string;
  /** null: PM2's own namespace `default`. */
  readonly namespace: string | null;
  /** As configured, for messages. */
  readonly script: string;
  /** Absolute path of the script. */
  readonly file: string;
  /** Absolute path; null: not configured. */
  readonly cwd: string | null;
  readonly args: readonly string[];
  /** null: PM2 derives it from the extension of the script. */
  readonly interpreter: string | null;
  readonly interpreterArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /**
   * true: `env` is what was configured. false: it also has every variable of the shell that started the program, and
   * nothing shows which ones were configured.
   */
  readonly isEnvConfigured: boolean;
  /** Number of processes; 0: one for each processor. */
  readonly instances: number;
  readonly isCluster: boolean;
  readonly maxMemoryBytes: number | null;
  readonly autorestart: boolean;
  readonly stopExitCodes: readonly number[];
  readonly killTimeoutMs: number | null;
  readonly restartDelayMs: number | null;
  readonly backoffDelayMs: number | null;
  /** Names of further settings that are set and that agent-spawner does not have. */
  readonly others: readonly string[];
}

/** Entry of a source that is not offered for import, and why. */
export interface LeftOut {
  readonly name: string;
  readonly why: string;
}

/** Content of PM2's list or of an ecosystem file. */
export interface Pm2Source {
  readonly apps: readonly Pm2App[];
  readonly leftOut: readonly LeftOut[];
}

/** Settings of PM2 that agent-spawner does not have, with the reason. `true`, `false` and 0 count as not set. */
export const UNSUPPORTED: Readonly<Record<string, string>> = {
  cron_restart: 'agents are not restarted on a schedule',
  watch: 'agents are not restarted when files change',
  min_uptime: 'verifySeconds and stableSeconds of policy say when a start has succeeded',
  max_restarts: 'the circuit limits restarts: circuitFailureThreshold and circuitFailuresPerHour of policy',
  wait_ready: 'healthUrl says when an agent is ready',
  listen_timeout: 'startupGraceSeconds of policy says how long a start may take',
  shutdown_with_message: 'agents are stopped by SIGTERM',
  uid: 'agents run as the user of agent-spawner',
  gid: 'agents run as the user of agent-spawner',
  post_update: 'agent-spawner updates no programs',
  increment_var: 'an agent is one process',
  filter_env: 'an agent gets only its own env and envFrom',
  source_map_support: 'put it into the program, or into NODE_OPTIONS in env',
};

/** Settings of PM2 that matter only in an ecosystem file: PM2's list has values of its own for them. */
export const UNSUPPORTED_IN_FILE: Readonly<Record<string, string>> = {
  ...UNSUPPORTED,
  out_file: 'output goes to the logs folder of PM2_HOME',
  error_file: 'output goes to the logs folder of PM2_HOME',
  log_file: 'output goes to the logs folder of PM2_HOME',
  log_date_format: 'output is stored as the agent writes it',
  disable_logs: 'output is stored, because diagnoses read it',
  append_env_to_name: 'the name is taken over as it stands',
};

/** Returns the names of the settings in the table that are set. */
export function othersIn(
  settings: Readonly<Record<string, unknown>>,
  table: Readonly<Record<string, string>>,
): string[] {
  return Object.keys(table).filter((name) => isSet(settings[name]));
}

function isSet(value: unknown): boolean {
  return (
    !([undefined, null, false, '', 0, '0'] as unknown[]).includes(value) &&
    !(Array.isArray(value) && value.length === 0)
  );
}

const UNITS: Readonly<Record<string, number>> = { G: 1_073_741_824, M: 1_048_576, K: 1_024 };

/** Reads a size as PM2 does: a number of bytes, or a number with K, M or G. null: not set, or not a size. */
export function bytesOf(value: unknown): number | null {
  if (typeof value === 'number') return value > 0 && Number.isFinite(value) ? value : null;
  if (typeof value !== 'string') return null;
  const [, digits = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMG]?)B?\s*$/i.exec(value) ?? [];
  const bytes = Number(digits) * (UNITS[unit.toUpperCase()] ?? 1);
  return digits === '' || bytes <= 0 ? null : bytes;
}

/** Reads a list of arguments as PM2 does: a text is split at spaces outside quotes. */
export function argumentsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'string') return [];
  const words = value.match(/[^\s"'=]+="[^"]*"|[^\s"'=]+='[^']*'|"[^"]*"|'[^']*'|\S+/g) ?? [];
  return words.map((word) => /^(["'])([^]*)\1$/.exec(word)?.[2] ?? word).filter((word) => word.trim() !== '');
}

/** Returns the milliseconds of a setting; null: not set. */
export function millisecondsOf(value: unknown): number | null {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number > 0 ? number : null;
}
