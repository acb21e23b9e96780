export { ConfigModule, SETTINGS } from './config.module';
export { settingsOfThisProcess } from './environment';
export { resolveSettings, type ResolvedSettings } from './resolved-settings';
export { readSettings, SETTING_NAMES, type ApiToken, type Role, type Settings } from './settings';
export { SystemClock } from './system-clock';
