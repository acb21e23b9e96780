export { ConfigModule } from './config.module';
export { settingsOfThisProcess } from './environment';
export { OwnAddress } from './own-address';
export { resolveSettings, type ResolvedSettings } from './resolved-settings';
export { readSettings, SETTING_NAMES, type ApiToken, type Role, type Settings } from './settings';
export { SystemClock } from './system-clock';
export { SETTINGS } from './tokens';
