import { z } from 'zod';
import { Problem } from '../kernel';

const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Token of an operator or a program, with its role. */
export interface ApiToken {
  readonly role: Role;
  readonly token: string;
}

const MIN_TOKEN_LENGTH = 16;

const seconds = (fallback: number) => z.coerce.number().min(0).max(86_400).default(fallback);
const positiveSeconds = (fallback: number) => z.coerce.number().positive().max(86_400).default(fallback);
const count = (fallback: number, min: number, max: number) =>
  z.coerce.number().int().min(min).max(max).default(fallback);
const list = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((value) =>
      value
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    );
const optional = z.string().min(1).optional();
const optionalUrl = z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional();

const apiTokens = z
  .string()
  .default('')
  .transform((value, context) => {
    const tokens: ApiToken[] = [];
    for (const part of value.split(',').map((each) => each.trim())) {
      if (part === '') continue;
      const colon = part.indexOf(':');
      const role = ROLES.find((each) => each === part.slice(0, colon));
      const token = part.slice(colon + 1);
      // The message gives the position, never the text: the entry may be a valid token with a typo in its role.
      const fault = (message: string) => {
        context.addIssue({ code: 'custom', message: `entry ${tokens.length + 1} ${message}` });
      };
      if (colon < 0 || role === undefined) fault('must be role:token with the role viewer, operator or admin');
      else if (token.length < MIN_TOKEN_LENGTH) fault(`must have a token of at least ${MIN_TOKEN_LENGTH} characters`);
      else if (!/^[\x21-\x7e]+$/.test(token)) fault('must have a token of visible ASCII characters without spaces');
      else if (tokens.some((each) => each.token === token)) fault('repeats the token of an earlier entry');
      else {
        tokens.push({ role, token });
        continue;
      }
      return z.NEVER;
    }
    return tokens;
  });

/** Every setting by its environment variable. The README's table is compared with this one. */
export const settingsSchema = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: count(3100, 0, 65_535),
  DATA_DIR: z.string().min(1).default('./data'),
  PM2_HOME: optional,
  AGENTS_DIR: z.string().min(1).default('./examples/agents'),
  API_TOKENS: apiTokens,
  HEALTH_INTERVAL_SECONDS: positiveSeconds(15),
  HEALTH_TIMEOUT_SECONDS: positiveSeconds(5),
  HEALING_INTERVAL_SECONDS: positiveSeconds(5),
  STARTUP_GRACE_SECONDS: seconds(30),
  HEARTBEAT_TIMEOUT_SECONDS: positiveSeconds(60),
  VERIFY_SECONDS: seconds(10),
  STABLE_SECONDS: seconds(60),
  BACKOFF_BASE_SECONDS: positiveSeconds(1),
  BACKOFF_MAX_SECONDS: positiveSeconds(300),
  RESTART_DELAY_SECONDS: seconds(0),
  LAUNCH_CONCURRENCY: count(8, 1, 256),
  CIRCUIT_FAILURE_THRESHOLD: count(5, 1, 1000),
  CIRCUIT_FAILURES_PER_HOUR: count(20, 1, 10_000),
  CIRCUIT_COOLDOWN_SECONDS: positiveSeconds(60),
  KILL_TIMEOUT_SECONDS: positiveSeconds(10),
  TELEGRAM_BOT_TOKEN: optional,
  TELEGRAM_CHAT_IDS: list(''),
  TELEGRAM_API_ROOT: optionalUrl,
  SUPABASE_URL: optionalUrl,
  SUPABASE_SERVICE_ROLE_KEY: optional,
  INSTANCE_ID: optional,
  RESTORE_FROM: optional,
  ALLOWED_HOSTS: list(''),
  RATE_LIMIT_PER_MINUTE: count(3000, 0, 10_000_000),
  DEADMAN_URL: optionalUrl,
  INTERPRETERS: list('python3,python,node,bash,sh,bun,deno,ruby,none'),
  HEALTH_LOG_RETENTION_DAYS: z.coerce.number().positive().default(7),
  EVENT_RETENTION_DAYS: z.coerce.number().positive().default(90),
  ESCALATION_REMINDER_HOURS: z.coerce.number().min(0).default(4),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

/** Names of the supervisor's own settings. None of them is ever passed on to an agent. */
export const SETTING_NAMES: readonly string[] = Object.keys(settingsSchema.shape);

/** Validated, frozen settings. Paths are still as given; `resolveSettings` makes them absolute. */
export type Settings = Readonly<z.output<typeof settingsSchema>>;

/**
 * Reads the settings from an environment. An empty value counts as not set, so that `PORT= npm start` uses the default.
 *
 * @throws Problem `invalid-request` that names every wrong setting and never shows a value
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const given = Object.fromEntries(
    SETTING_NAMES.flatMap((name) => {
      const value = environment[name]?.trim();
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) {
    const settings = parsed.data;
    if (settings.BACKOFF_MAX_SECONDS < settings.BACKOFF_BASE_SECONDS) {
      throw new Problem('invalid-request', 'BACKOFF_MAX_SECONDS must not be less than BACKOFF_BASE_SECONDS.');
    }
    return Object.freeze(settings);
  }
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Problem(
    'invalid-request',
    `Invalid settings: ${faults.join('; ')}. Correct them in the environment or in .env.`,
  );
}
