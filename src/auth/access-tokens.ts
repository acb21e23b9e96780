import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodeOf, Problem } from '../kernel';
import type { ApiToken, ResolvedSettings, Role } from '../config';

const TOKEN_BYTES = 32;
const MIN_LENGTH = 16;

/** The tokens of people and programs; only their digests are kept. */
export class AccessTokens {
  private readonly digests: readonly { readonly role: Role; readonly digest: Buffer }[];

  constructor(tokens: readonly ApiToken[]) {
    this.digests = tokens.map(({ role, token }) => ({ role, digest: digestOf(token) }));
  }

  /** Those of `API_TOKENS`; without any, the admin token that is made once and kept in its file. */
  static of(settings: ResolvedSettings): AccessTokens {
    if (settings.API_TOKENS.length > 0) return new AccessTokens(settings.API_TOKENS);
    return new AccessTokens([{ role: 'admin', token: adminToken(adminTokenFile(settings)) }]);
  }

  /** @returns the role of a token; null: it is none of ours. Takes as long whatever matches. */
  roleOf(token: string): Role | null {
    const given = digestOf(token);
    let found: Role | null = null;
    for (const { role, digest } of this.digests) if (timingSafeEqual(digest, given)) found = role;
    return found;
  }
}

/** Where the made admin token lies: its name is shown, its content never. */
export function adminTokenFile(settings: ResolvedSettings): string {
  return path.join(settings.dataDir, 'admin.token');
}

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
    `${file} holds no usable token. Remove it, and a new one is made at the next start.`,
  );
}

/** Digests have one length, so that comparing them tells nothing, not even how long a token is. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
