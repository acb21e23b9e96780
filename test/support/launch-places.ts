import { Problem, type AgentDefinitionInput } from '../../src/kernel';
import { resolveCommand, type LaunchPlaces } from '../../src/processes/launch/command';
import { definitionOf } from './definitions';
import { makeTempFolder, type TempFolder } from './temp-folder';

export const INTERPRETERS = ['python3', 'python', 'node', 'bash', 'sh', 'bun', 'deno', 'ruby', 'none'];

/** Folder of the present test: interpreters below `bin`, the agents' files below `agents`. */
export let folder: TempFolder;

export let places: LaunchPlaces;

/** Gives each test of the file its own folder of interpreters and agents. */
export function useLaunchPlaces(): void {
  beforeEach(() => {
    folder = makeTempFolder();
    for (const name of INTERPRETERS) folder.file(`bin/${name}`, '', 0o755);
    places = { agentsDir: folder.folder('agents'), interpreters: INTERPRETERS, path: folder.at('bin') };
  });

  afterEach(() => {
    folder.remove();
  });
}

type Given = Partial<AgentDefinitionInput>;

export const resolve = (given: Given, changes: Partial<LaunchPlaces> = {}) =>
  resolveCommand(definitionOf(given), { ...places, ...changes });

export function refusalOf(given: Given, changes: Partial<LaunchPlaces> = {}): { code: string; detail: string } {
  try {
    resolve(given, changes);
  } catch (error) {
    if (error instanceof Problem) return { code: error.code, detail: error.detail };
    throw error;
  }
  throw new Error('the definition was not refused');
}

/** Writes a file of an agent. */
export const script = (name: string, content = '', mode = 0o644) => folder.file(`agents/${name}`, content, mode);
