import path from 'node:path';
import type { Settings } from './settings';

/** Settings with the folders that they mean: absolute, whatever folder we are in. */
export interface ResolvedSettings extends Settings {
  readonly dataDir: string;
  readonly pm2Home: string;
  readonly agentsDir: string;
}

export function resolveSettings(settings: Settings, workingFolder: string, homeFolder: string): ResolvedSettings {
  return Object.freeze({
    ...settings,
    dataDir: path.resolve(workingFolder, settings.DATA_DIR),
    pm2Home:
      settings.PM2_HOME === undefined ? path.join(homeFolder, '.pm2') : path.resolve(workingFolder, settings.PM2_HOME),
    agentsDir: path.resolve(workingFolder, settings.AGENTS_DIR),
  });
}
