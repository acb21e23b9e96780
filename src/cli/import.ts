import { homedir } from 'node:os';
import path from 'node:path';
import { settingsOfThisProcess, SystemClock, type ResolvedSettings } from '../config';
import { Problem } from '../kernel';
import { readPm2List } from '../processes/read-only';
import { askChoice } from './import/ask';
import { evaluateEcosystem } from './import/ecosystem-file';
import { readEcosystem } from './import/from-ecosystem';
import { readList } from './import/from-list';
import { parseArguments, USAGE, type ImportArguments } from './import/import-arguments';
import { placesOf } from './import/place';
import { planImport, type Plan, type PlannedApp } from './import/plan';
import { planJson, planText, resultText, type NextSteps, type Registration } from './import/plan-report';
import type { Pm2Source } from './import/pm2-app';
import { ServiceClient } from './import/service-client';
import { runCommand } from './run-command';

const WRONG_USAGE = 2;

const say = (text: string) => process.stdout.write(`${text}\n`);

/** Imports programs of PM2: reads them, plans, and registers the chosen ones. Touches nothing that runs. */
class Import {
  private readonly clock = new SystemClock();

  constructor(
    private readonly settings: ResolvedSettings,
    private readonly given: ImportArguments,
  ) {}

  /** @returns the exit code: 0 also if nothing was chosen; 1 if a registration failed */
  async run(): Promise<number> {
    const { source, label } = await this.read();
    const client = ServiceClient.of(this.settings, this.given.url);
    const registered = await client.list();
    const plan = planImport(source, registered ?? [], {
      places: placesOf(this.settings.agentsDir),
      agentsDir: this.settings.agentsDir,
      interpreters: this.settings.INTERPRETERS,
      wantedEnv: this.given.env,
      ownEnv: process.env,
    });
    const { isJson } = this.given;
    if (!isJson) say(planText(plan, label));
    const chosen = await this.choose(plan, registered !== null);
    if (chosen.length > 0 && registered === null) throw noService(client.url);
    const results = await registerEach(client, chosen);
    if (isJson) say(JSON.stringify({ source: label, ...(planJson(plan) as object), results }, null, 2));
    else if (results.length > 0) say(`\n${resultText(results, this.nextSteps(client.url))}`);
    else say(`\n${this.howToGoOn(plan, registered === null ? client.url : null)}`);
    return results.some(({ error }) => error !== null) ? 1 : 0;
  }

  private async read(): Promise<{ readonly source: Pm2Source; readonly label: string }> {
    const { file } = this.given;
    if (file !== null) {
      // npm runs the command in the folder of the project, and names the one that it was called in.
      const absolute = path.resolve(process.env.INIT_CWD ?? '.', file);
      const content = await evaluateEcosystem(absolute, this.clock);
      return { source: readEcosystem(content, absolute), label: absolute };
    }
    const { pm2Home } = this.settings;
    const rows = await readPm2List(pm2Home, this.clock);
    if (rows !== null) return { source: readList(rows, ownPrograms()), label: `The list of PM2 (${pm2Home})` };
    return { source: { apps: [], leftOut: [] }, label: `No PM2 daemon runs in ${pm2Home}, so its list` };
  }

  private async choose({ apps }: Plan, isServiceUp: boolean): Promise<readonly PlannedApp[]> {
    const possible = apps.filter(({ action }) => action === 'register');
    const { chosen, isDryRun, isJson } = this.given;
    if (Array.isArray(chosen)) requireNames(chosen, apps);
    if (isDryRun || possible.length === 0) return [];
    if (chosen === 'all') return possible;
    if (chosen !== null) return possible.filter(({ name }) => chosen.includes(name));
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
    if (!isTerminal || isJson || !isServiceUp) return [];
    const indexes = await askChoice(possible.length, { input: process.stdin, output: process.stdout });
    return possible.filter((_, index) => indexes.includes(index));
  }

  private nextSteps(url: string): NextSteps {
    const { pm2Home } = this.settings;
    const isDefault = pm2Home === path.join(homedir(), '.pm2');
    return { url, pm2Home: isDefault ? null : pm2Home, isRunning: this.given.file === null };
  }

  private howToGoOn({ apps }: Plan, missingUrl: string | null): string {
    if (!apps.some(({ action }) => action === 'register')) return 'Nothing to register. Nothing was changed.';
    if (missingUrl !== null) return `Nothing was changed. ${noService(missingUrl).detail}`;
    return 'Nothing was changed. Register them with --yes, or some of them with --only NAME,...';
  }
}

async function registerEach(client: ServiceClient, chosen: readonly PlannedApp[]): Promise<Registration[]> {
  const results: Registration[] = [];
  for (const { name, agentId, definition } of chosen) {
    if (definition !== null) results.push({ name, agentId, error: await client.register(definition) });
  }
  return results;
}

/** Refuses names that no program has. A program that cannot be imported, or that is registered already, is named too. */
function requireNames(names: readonly string[], apps: readonly PlannedApp[]): void {
  for (const name of names) {
    const app = apps.find((each) => each.name === name);
    if (app === undefined) {
      const known = apps.map((each) => each.name).join(', ');
      throw new Problem('invalid-request', `No program is called ${name}. Known: ${known === '' ? 'none' : known}.`);
    }
    if (app.action === 'impossible') {
      throw new Problem('invalid-request', `${name} cannot be imported: ${app.refusals.join('; ')}.`);
    }
  }
}

function noService(url: string): Problem {
  return new Problem(
    'invalid-request',
    `agent-spawner does not answer at ${url}. Start it with npm start, or name its address with --url; then try again.`,
  );
}

function ownPrograms(): string[] {
  const root = path.resolve(__dirname, '..', '..');
  return ['dist/main.js', 'scripts/start.mjs'].map((file) => path.join(root, file));
}

runCommand(async () => {
  const parsed = parseArguments(process.argv.slice(2));
  if (parsed.kind === 'wrong') {
    process.stderr.write(`${parsed.problem}\n\n${USAGE}\n`);
    return WRONG_USAGE;
  }
  if (parsed.kind === 'help') {
    say(USAGE);
    return 0;
  }
  return new Import(settingsOfThisProcess(), parsed.arguments).run();
});
