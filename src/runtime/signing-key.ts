import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodeOf, Problem } from '../kernel';

const KEY_BYTES = 32;

/**
 * The key under which agents' tokens are made: once per `DATA_DIR`, mode 0600, never shown. It appears under its name
 * whole or not at all, so that a kill in the middle leaves no half a key.
 *
 * @throws Problem `invalid-request` when the file is not a key
 */
export function readSigningKey(dataDir: string): Buffer {
  const file = path.join(dataDir, 'signing.key');
  const existing = read(file);
  if (existing !== null) return existing;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(KEY_BYTES).toString('base64url'), { mode: 0o600 });
  chmodSync(draft, 0o600);
  try {
    linkSync(draft, file);
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(file) ?? refuse(file);
}

function read(file: string): Buffer | null {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const key = Buffer.from(content.trim(), 'base64url');
  return key.length === KEY_BYTES ? key : refuse(file);
}

function refuse(file: string): never {
  throw new Problem(
    'invalid-request',
    `${file} is not a signing key. Put the right file back; or remove it, and restart the agents, whose tokens are worthless then.`,
  );
}
