import { agentDefinitionSchema } from '../../kernel';
import { SETTING_NAMES } from '../../config';
import type { MapContext } from './map-context';
import type { Pm2App } from './pm2-app';

/** Variables of shells, of npm and of PM2, which no program is configured with. */
const OF_SHELLS: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'TZ', 'TMPDIR', 'SHELL', 'PWD', 'OLDPWD', 'SHLVL', 'TERM', 'MAIL'],
  ...[
    'HOSTNAME',
    'DISPLAY',
    'COLORTERM',
    'INIT_CWD',
    'EDITOR',
    'NODE',
    'COLOR',
    'PYTHONUNBUFFERED',
    'NODE_APP_INSTANCE',
  ],
]);
const OF_TOOLS = /^(?:_|LC_|XDG_|SSH_|DBUS_|NVM_|VSCODE_|npm_|PM2_|SUDO_|LS_|LESS)/;

const MAX_CANDIDATES = 40;

export interface MappedEnv {
  readonly env: Record<string, string>;
  readonly warnings: readonly string[];
  readonly candidates: readonly string[];
}

/**
 * Maps the variables of a program. An ecosystem file says which ones were configured, so all are taken over. PM2's list
 * does not, so only those that the operator names are taken, and the likely ones are listed. Texts name variables, never
 * values.
 */
export function mapEnv(app: Pm2App, { wantedEnv, ownEnv }: Pick<MapContext, 'wantedEnv' | 'ownEnv'>): MappedEnv {
  const names = Object.keys(app.env).sort();
  const chosen = app.isEnvConfigured ? names : names.filter((name) => wantedEnv.includes(name));
  const env: Record<string, string> = {};
  const unusable: string[] = [];
  for (const name of chosen) {
    const value = app.env[name] ?? '';
    if (isUsable(name, value)) env[name] = value;
    else unusable.push(name);
  }
  // PM2 adds a variable with the name of the program.
  const isCandidate = (name: string) =>
    name !== app.name &&
    !OF_SHELLS.has(name) &&
    !OF_TOOLS.test(name) &&
    ownEnv[name] !== app.env[name] &&
    isUsable(name, app.env[name] ?? '');
  const candidates = app.isEnvConfigured ? [] : names.filter((name) => !(name in env) && isCandidate(name));
  const warnings =
    unusable.length === 0 ? [] : [`env ${unusable.join(', ')}: the name or value is not allowed for an agent`];
  return { env, warnings, candidates: candidates.slice(0, MAX_CANDIDATES) };
}

/** Settings of agent-spawner, such as its tokens, are never offered: they do not belong to a program. */
function isUsable(name: string, value: string): boolean {
  const isOwn = SETTING_NAMES.includes(name) && name !== 'PORT' && name !== 'HOST';
  return !isOwn && agentDefinitionSchema.shape.env.safeParse({ [name]: value }).success;
}
