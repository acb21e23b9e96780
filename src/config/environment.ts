import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { errorCodeOf, messageOf, Problem } from '../kernel';
import { resolveSettings, type ResolvedSettings } from './resolved-settings';
import { readSettings } from './settings';

/**
 * The settings of this process: its environment, over a `.env` file in the working folder.
 *
 * @throws Problem `invalid-request` that names what is wrong
 */
export function settingsOfThisProcess(): ResolvedSettings {
  const folder = process.cwd();
  const settings = readSettings({ ...readEnvFile(path.join(folder, '.env')), ...process.env });
  return resolveSettings(settings, folder, homedir());
}

function readEnvFile(file: string): NodeJS.Dict<string> {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return {};
    throw new Problem('invalid-request', `${file} cannot be read: ${messageOf(error)}. Mend or remove it.`, {
      cause: error,
    });
  }
  return parseEnv(content);
}
