import path from 'node:path';
import { Problem, type AgentDefinition } from '../kernel';
import { findOnPath, isExecutable, isFile, isFolder, isWithin, realPath, shebangOf } from './executable';

/** Where programs are looked for. */
export interface LaunchPlaces {
  /** Absolute. */
  readonly agentsDir: string;
  /** Names that an agent may be run with. */
  readonly interpreters: readonly string[];
  /** Our own PATH: the agent's may not choose its interpreter. */
  readonly path: string | undefined;
}

/** What is executed, where; all paths absolute. */
export interface ResolvedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

const BY_EXTENSION: Readonly<Record<string, string>> = {
  '.py': 'python',
  '.js': 'node',
  '.mjs': 'node',
  '.cjs': 'node',
  '.ts': 'bun',
  '.sh': 'sh',
  '.rb': 'ruby',
};

/**
 * Resolves what a launch executes, and checks all of it: PM2 itself calls a launch of something that cannot be executed
 * a success (PM2-FACTS, 4).
 *
 * @throws Problem `entry-point-not-found`, also for a missing cwd; `interpreter-not-found`
 */
export function resolveCommand(definition: AgentDefinition, places: LaunchPlaces): ResolvedCommand {
  const script = entryPointOf(definition, places);
  const cwd = workingFolder(definition, script, places);
  const choice = definition.interpreter ?? BY_EXTENSION[path.extname(script).toLowerCase()] ?? 'none';
  requireListed(choice, definition.interpreter === null, places);
  if (choice === 'none') {
    requireExecutable(script, places);
    return { program: script, args: definition.args, cwd };
  }
  const program = interpreterOf(choice, definition, script, places);
  // Unbuffered by an argument: PYTHONUNBUFFERED would be one more variable in the agent's environment.
  const options = choice.startsWith('python') ? ['-u'] : [];
  return { program, args: [...options, script, ...definition.args], cwd };
}

function entryPointOf(definition: AgentDefinition, places: LaunchPlaces): string {
  const given = definition.entryPoint ?? '';
  const file = path.resolve(places.agentsDir, given);
  const real = realPath(file);
  if (real === null || !isFile(real)) {
    throw new Problem(
      'entry-point-not-found',
      `There is no file ${given} in ${places.agentsDir}. Put it there, or change entryPoint.`,
    );
  }
  requireWithin(real, given, 'entryPoint', places);
  return file;
}

function workingFolder(definition: AgentDefinition, script: string, places: LaunchPlaces): string {
  if (definition.cwd === null) return path.dirname(script);
  const folder = path.resolve(places.agentsDir, definition.cwd);
  const real = realPath(folder);
  if (real === null || !isFolder(real)) {
    throw new Problem(
      'entry-point-not-found',
      `The cwd ${definition.cwd} is no folder in ${places.agentsDir}. Make it, or change cwd.`,
    );
  }
  requireWithin(real, definition.cwd, 'cwd', places);
  return folder;
}

/** Checked at each launch anew: a link may have been laid since the registration. */
function requireWithin(real: string, given: string, member: string, places: LaunchPlaces): void {
  const root = realPath(places.agentsDir) ?? places.agentsDir;
  if (isWithin(real, root)) return;
  throw new Problem(
    'entry-point-not-found',
    `The ${member} ${given} leads out of AGENTS_DIR by a link. Put it inside.`,
  );
}

/** Whether it was asked for or chosen by the extension: what is not listed is not run. */
function requireListed(choice: string, isByExtension: boolean, { interpreters }: LaunchPlaces): void {
  const names = choice === 'python' && isByExtension ? ['python3', 'python'] : [choice];
  if (names.some((name) => interpreters.includes(name))) return;
  throw new Problem('interpreter-not-found', `${choice} is not one of INTERPRETERS. Add it there, or choose another.`);
}

function interpreterOf(choice: string, definition: AgentDefinition, script: string, places: LaunchPlaces): string {
  if (definition.interpreter === null && choice === 'python') {
    return virtualEnvironmentPython(script, places) ?? required('python3', places);
  }
  return required(choice, places);
}

function required(name: string, places: LaunchPlaces): string {
  const program = findOnPath(name, places.path);
  if (program !== null) return program;
  // Whoever runs us has a node, whatever its PATH says.
  if (name === 'node') return process.execPath;
  throw new Problem(
    'interpreter-not-found',
    `${name} is not on the PATH of agent-spawner. Install it, or choose another interpreter.`,
  );
}

/** The nearest `.venv/bin/python` from the script's folder up to AGENTS_DIR; its target may lie outside. */
function virtualEnvironmentPython(script: string, places: LaunchPlaces): string | null {
  for (let folder = path.dirname(script); isWithin(folder, places.agentsDir); folder = path.dirname(folder)) {
    const python = path.join(folder, '.venv', 'bin', 'python');
    if (isExecutable(python)) return python;
    if (folder === path.dirname(folder)) return null;
  }
  return null;
}

function requireExecutable(script: string, places: LaunchPlaces): void {
  if (!isExecutable(script)) {
    throw new Problem(
      'interpreter-not-found',
      `${script} has no interpreter and may not be executed. Run chmod +x, or set interpreter.`,
    );
  }
  const shebang = shebangOf(script);
  if (shebang === null) return;
  const [program = '', argument = ''] = shebang.split(/[ \t]+/);
  const missing = (name: string) =>
    new Problem(
      'interpreter-not-found',
      `${script} asks for ${name} in its first line, which is not here. Install it, or set interpreter.`,
    );
  if (!isExecutable(program)) throw missing(program === '' ? 'nothing' : program);
  if (path.basename(program) !== 'env' || argument.startsWith('-')) return;
  if (argument === '') throw missing('nothing');
  if (findOnPath(argument, places.path) === null) throw missing(argument);
}
