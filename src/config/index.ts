export { ConfigModule } from './config.module';
export { OpenResources } from './open-resources';
export { OwnAddress } from './own-address';
export { resolveSettings, SETTINGS, settingsOfThisProcess, type ResolvedSettings } from './resolved-settings';
export { readSettings, SETTING_NAMES, type ApiToken, type Role, type Settings } from './settings';
export { SystemClock } from './system-clock';
