import { parseArgs } from 'node:util';
import { messageOf } from '../../kernel';

export const USAGE = `Usage: npm run import [-- FILE] [--yes | --only NAME,...] [--env NAME,...] [--url URL] [--dry-run] [--json]

Lists the programs that PM2 runs or that an ecosystem file names, shows how each would be registered, and registers
the chosen ones, stopped. Nothing that runs is touched, and no PM2 daemon is started.

  FILE         ecosystem.config.js, .cjs, .mjs, .json, .yml or .yaml; omitted: the list of the PM2 daemon of PM2_HOME.
               A file is code: it is evaluated, as PM2 does.
  --yes        registers every program that can be imported, without asking
  --only NAMES registers these programs, by their names in PM2, without asking
  --env NAMES  takes these variables over from PM2's list; a file's env is taken over anyway
  --url URL    URL of the running agent-spawner; omitted: from HOST and PORT
  --dry-run    only shows what would be registered
  --json       prints the plan and the results as JSON; values of env are masked`;

export interface ImportArguments {
  /** null: PM2's list. */
  readonly file: string | null;
  /** Names of the programs to register; `all`: every one that can be; null: ask. */
  readonly chosen: readonly string[] | 'all' | null;
  readonly env: readonly string[];
  /** null: derived from the settings. */
  readonly url: string | null;
  readonly isDryRun: boolean;
  readonly isJson: boolean;
}

export type ParsedArguments =
  | { readonly kind: 'import'; readonly arguments: ImportArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string };

const OPTIONS = {
  yes: { type: 'boolean', short: 'y' },
  only: { type: 'string', multiple: true },
  env: { type: 'string', multiple: true },
  url: { type: 'string' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Reads the arguments of the command; pure. */
export function parseArguments(args: readonly string[]): ParsedArguments {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    if (values.help === true) return { kind: 'help' };
    const [file = null, ...others] = positionals;
    if (others.length > 0) return wrong(`Only one file is read: ${others.join(' ')} is too many.`);
    const only = values.only === undefined ? null : namesIn(values.only);
    if (values.yes === true && only !== null) return wrong('--yes and --only exclude each other.');
    if (only?.length === 0) return wrong('--only needs at least one name.');
    const url = values.url ?? null;
    if (url !== null && !isHttpUrl(url)) return wrong('--url must be an http or https URL.');
    const chosen = values.yes === true ? 'all' : only;
    const flags = { isDryRun: values['dry-run'] === true, isJson: values.json === true };
    return { kind: 'import', arguments: { file, chosen, env: namesIn(values.env ?? []), url, ...flags } };
  } catch (error) {
    return wrong(messageOf(error));
  }
}

function namesIn(lists: readonly string[]): string[] {
  const names = lists.flatMap((list) => list.split(',')).map((name) => name.trim());
  return [...new Set(names.filter((name) => name !== ''))];
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

function wrong(problem: string): ParsedArguments {
  return { kind: 'wrong', problem };
}
