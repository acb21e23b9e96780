import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodeOf, Problem } from '../../kernel';

const KEY_BYTES = 32;

/**
 * Reads the key that signs the agents' tokens, or creates it. There is one per `DATA_DIR`, with mode 0600, and it is
 * never shown. The file is created atomically, so that a crash leaves no partial key.
 *
 * @throws Problem `invalid-request` if the file does not contain a key
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
    `${file} does not contain a signing key. Restore the right file, or remove it and restart all agents, because their tokens become invalid.`,
  );
}
