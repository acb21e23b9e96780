import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { errorCodeOf, messageOf, Problem } from '../kernel';
import { readSettings, type Settings } from './settings';

/** Settings with absolute paths, independent of the working directory. */
export interface ResolvedSettings extends Settings {
  readonly dataDir: string;
  readonly pm2Home: string;
  readonly agentsDir: string;
}

/** Nest injection token of the settings. */
export const SETTINGS = Symbol('Settings');

/**
 * Reads the settings of this process: its environment, which overrides a `.env` file in the working directory.
 *
 * @throws Problem `invalid-request` that names what is wrong
 */
export function settingsOfThisProcess(): ResolvedSettings {
  const folder = process.cwd();
  const settings = readSettings({ ...readEnvFile(path.join(folder, '.env')), ...process.env });
  return resolveSettings(settings, folder, homedir());
}

/** Makes the paths absolute. `PM2_HOME` defaults to `.pm2` in the home folder, as in PM2. */
export function resolveSettings(settings: Settings, workingFolder: string, homeFolder: string): ResolvedSettings {
  return Object.freeze({
    ...settings,
    dataDir: path.resolve(workingFolder, settings.DATA_DIR),
    pm2Home:
      settings.PM2_HOME === undefined ? path.join(homeFolder, '.pm2') : path.resolve(workingFolder, settings.PM2_HOME),
    agentsDir: path.resolve(workingFolder, settings.AGENTS_DIR),
  });
}

function readEnvFile(file: string): NodeJS.Dict<string> {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return {};
    throw new Problem('invalid-request', `${file} cannot be read: ${messageOf(error)}. Correct or remove the file.`, {
      cause: error,
    });
  }
  return parseEnv(content);
}
