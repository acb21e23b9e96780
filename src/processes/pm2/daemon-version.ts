import pm2Package from 'pm2/package.json';

/** Version of PM2 that agent-spawner is built for. */
export const REQUIRED_VERSION = pm2Package.version;

/** Returns true if a daemon of this version speaks the protocol of {@link REQUIRED_VERSION}: its major version is equal. */
export function isSupportedVersion(version: string): boolean {
  return majorOf(version) === majorOf(REQUIRED_VERSION);
}

function majorOf(version: string): string {
  return version.split('.', 1)[0] ?? '';
}
