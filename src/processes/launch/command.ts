import path from 'node:path';
import { isInterpreterPath, Problem, type AgentDefinition } from '../../kernel';
import { findOnPath, isExecutable, isFile, isFolder, isWithin, realPath, shebangOf } from './executable';

/** Locations that programs are looked up in. */
export interface LaunchPlaces {
  /** Absolute path. */
  readonly agentsDir: string;
  /** Names of the interpreters that agents may use. */
  readonly interpreters: readonly string[];
  /** PATH of the supervisor. The agent's own PATH must not choose its interpreter. */
  readonly path: string | undefined;
}

/** Command and working directory of a launch; all paths are absolute. */
export interface ResolvedCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Folder of the entry point. */
  readonly folder: string;
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
 * Resolves the command of a launch and checks all of it. PM2 reports success even if the command cannot be executed
 * (PM2-FACTS, 4).
 *
 * @throws Problem `entry-point-not-found`, also for a missing cwd; `interpreter-not-found`
 */
export function resolveCommand(definition: AgentDefinition, places: LaunchPlaces): ResolvedCommand {
  const script = resolveEntryPoint(definition, places);
  const cwd = resolveFolder(definition, script, places);
  const folder = path.dirname(script);
  const choice = definition.interpreter ?? BY_EXTENSION[path.extname(script).toLowerCase()] ?? 'none';
  if (!isInterpreterPath(choice)) requireListed(choice, definition.interpreter === null, places);
  if (choice === 'none') {
    requireExecutable(script, places);
    return { program: script, args: definition.args, cwd, folder };
  }
  const program = findInterpreter(choice, definition, script, places);
  // Set unbuffered mode by an argument. PYTHONUNBUFFERED would add a variable to the agent's environment.
  const options = path.basename(choice).startsWith('python') ? ['-u'] : [];
  const args = [...options, script, ...definition.args];
  return { program, args, cwd, folder };
}

function resolveEntryPoint(definition: AgentDefinition, places: LaunchPlaces): string {
  const given = definition.entryPoint ?? '';
  const file = path.resolve(places.agentsDir, given);
  const real = realPath(file);
  if (real === null || !isFile(real)) {
    throw new Problem(
      'entry-point-not-found',
      `The file ${given} does not exist in ${places.agentsDir}. Create it, or change entryPoint.`,
    );
  }
  requireWithin(real, given, 'entryPoint', places);
  return file;
}

function resolveFolder(definition: AgentDefinition, script: string, places: LaunchPlaces): string {
  if (definition.cwd === null) return path.dirname(script);
  const folder = path.resolve(places.agentsDir, definition.cwd);
  const real = realPath(folder);
  if (real === null || !isFolder(real)) {
    throw new Problem(
      'entry-point-not-found',
      `The cwd ${definition.cwd} is not a folder in ${places.agentsDir}. Create it, or change cwd.`,
    );
  }
  requireWithin(real, definition.cwd, 'cwd', places);
  return folder;
}

/**
 * Throws if the path leads outside AGENTS_DIR. Call it at every launch, because a link may have been created since the
 * registration.
 */
function requireWithin(real: string, given: string, member: string, places: LaunchPlaces): void {
  const root = realPath(places.agentsDir) ?? places.agentsDir;
  if (isWithin(real, root)) return;
  throw new Problem(
    'entry-point-not-found',
    `The ${member} ${given} leads outside AGENTS_DIR through a link. Move the target inside, or change ${member}.`,
  );
}

/** Throws if the interpreter is not listed, whether the definition names it or the extension selects it. */
function requireListed(choice: string, isByExtension: boolean, { interpreters }: LaunchPlaces): void {
  const names = choice === 'python' && isByExtension ? ['python3', 'python'] : [choice];
  if (names.some((name) => interpreters.includes(name))) return;
  throw new Problem(
    'interpreter-not-found',
    `The interpreter ${choice} is not listed in INTERPRETERS. Add it there, or set another interpreter.`,
  );
}

function findInterpreter(choice: string, definition: AgentDefinition, script: string, places: LaunchPlaces): string {
  if (definition.interpreter === null && choice === 'python') {
    return findVirtualEnvironment(script, places) ?? requireOnPath('python3', places);
  }
  if (isInterpreterPath(choice)) return requireInside(choice, places);
  return requireOnPath(choice, places);
}

/**
 * Resolves an interpreter given by path. It need not be listed, because it lies below AGENTS_DIR like everything else
 * that an admin may run.
 */
function requireInside(given: string, { agentsDir }: LaunchPlaces): string {
  const program = path.resolve(agentsDir, given);
  const refuse = (why: string) => new Problem('interpreter-not-found', `The interpreter ${given} ${why}.`);
  if (!isWithin(program, agentsDir)) throw refuse('is outside AGENTS_DIR. Move it inside, or give its name');
  if (!isExecutable(program))
    throw refuse('is not in AGENTS_DIR, or is not executable. Create it, or change interpreter');
  const real = realPath(isPythonOfVirtualEnvironment(program) ? path.dirname(program) : program);
  const isInside = real !== null && isWithin(real, realPath(agentsDir) ?? agentsDir);
  if (!isInside) throw refuse('leads outside AGENTS_DIR through a link. Move the target inside');
  return program;
}

/**
 * Returns true for the `python` of a virtual environment. It is a link to the Python that created the environment, so
 * it may lead outside AGENTS_DIR.
 */
function isPythonOfVirtualEnvironment(program: string): boolean {
  const folder = path.dirname(program);
  return /^python[\d.]*$/.test(path.basename(program)) && isFile(path.join(folder, '..', 'pyvenv.cfg'));
}

function requireOnPath(name: string, places: LaunchPlaces): string {
  const program = findOnPath(name, places.path);
  if (program !== null) return program;
  // The supervisor itself runs on Node, whatever its PATH contains.
  if (name === 'node') return process.execPath;
  throw new Problem(
    'interpreter-not-found',
    `${name} is not on the PATH of agent-spawner. Install it, or set another interpreter.`,
  );
}

/**
 * Returns the nearest `.venv/bin/python` or `venv/bin/python` from the script's folder up to AGENTS_DIR. Its target may
 * lie outside.
 */
function findVirtualEnvironment(script: string, places: LaunchPlaces): string | null {
  for (let folder = path.dirname(script); isWithin(folder, places.agentsDir); folder = path.dirname(folder)) {
    for (const name of ['.venv', 'venv']) {
      const python = path.join(folder, name, 'bin', 'python');
      if (isExecutable(python)) return python;
    }
    if (folder === path.dirname(folder)) return null;
  }
  return null;
}

function requireExecutable(script: string, places: LaunchPlaces): void {
  if (!isExecutable(script)) {
    throw new Problem(
      'interpreter-not-found',
      `${script} has no interpreter and is not executable. Run chmod +x, or set interpreter.`,
    );
  }
  const shebang = shebangOf(script);
  if (shebang === null) return;
  const [program = '', argument = ''] = shebang.split(/[ \t]+/);
  const missing = (name: string) => {
    const fault = name === '' ? 'no program. Correct it' : `${name}, which is not installed. Install it`;
    return new Problem('interpreter-not-found', `The first line of ${script} names ${fault}, or set interpreter.`);
  };
  if (!isExecutable(program)) throw missing(program);
  if (path.basename(program) !== 'env' || argument.startsWith('-')) return;
  if (argument === '') throw missing('');
  if (findOnPath(argument, places.path) === null) throw missing(argument);
}
