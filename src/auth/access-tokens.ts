import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodeOf, Problem } from '../kernel';
import type { ApiToken, ResolvedSettings, Role } from '../config';

const TOKEN_BYTES = 32;
const MIN_LENGTH = 16;

/** Checks the tokens of operators and programs. It keeps only their digests. */
export class AccessTokens {
  private readonly digests: readonly { readonly role: Role; readonly digest: Buffer }[];

  constructor(tokens: readonly ApiToken[]) {
    this.digests = tokens.map(({ role, token }) => ({ role, digest: digestOf(token) }));
  }

  /**
   * Uses the tokens of `API_TOKENS`. Without any, uses the admin token, which is generated once and kept in its file.
   */
  static of(settings: ResolvedSettings): AccessTokens {
    if (settings.API_TOKENS.length > 0) return new AccessTokens(settings.API_TOKENS);
    return new AccessTokens([{ role: 'admin', token: adminToken(adminTokenFile(settings)) }]);
  }

  /** Returns the role of a token, or null for an unknown one. Takes the same time whether or not a token matches. */
  roleOf(token: string): Role | null {
    const given = digestOf(token);
    let found: Role | null = null;
    for (const { role, digest } of this.digests) if (timingSafeEqual(digest, given)) found = role;
    return found;
  }
}

/** Returns the path of the generated admin token. The path may be shown, the content never. */
export function adminTokenFile(settings: ResolvedSettings): string {
  return path.join(settings.dataDir, 'admin.token');
}

/**
 * Returns the generated admin token; generates it if its file does not exist. The draft is linked into place, because a
 * link is atomic and fails if another process has created the file meanwhile. An existing token is never overwritten.
 */
function adminToken(file: string): string {
  const existing = read(file);
  if (existing !== null) return existing;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file) ?? unusable(file);
}

function read(file: string): string | null {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
  if (token.length >= MIN_LENGTH) return token;
  return unusable(file);
}

function unusable(file: string): never {
  throw new Problem(
    'invalid-request',
    `${file} contains no usable token: a token has at least ${MIN_LENGTH} characters. Remove the file; the next start generates a token.`,
  );
}

/** Hashes a token. Digests have equal length, so comparing them does not reveal the length of a token. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
