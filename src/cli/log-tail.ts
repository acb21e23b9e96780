import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, Problem } from '../kernel';

/** Most bytes that are read: the last ones, as of the log of a run. */
const MOST_BYTES = 2_097_152;

/**
 * Reads the end of a file, or of standard input for `-`: at most 2 MB.
 *
 * @throws Problem `invalid-request` with the name of a file that cannot be read
 */
export async function readLogTail(file: string): Promise<string> {
  try {
    const { bytes, isCut } = file === '-' ? await readStream(process.stdin) : await readFile(file);
    const text = bytes.toString('utf8');
    // Drop a first line that was cut: it could be taken for another message.
    return isCut ? text.slice(text.indexOf('\n') + 1) : text;
  } catch (error) {
    const name = file === '-' ? 'Standard input' : file;
    throw new Problem('invalid-request', `${name} cannot be read: ${messageOf(error)}`);
  }
}

interface Tail {
  readonly bytes: Buffer;
  /** True if something stood before it. */
  readonly isCut: boolean;
}

async function readFile(file: string): Promise<Tail> {
  const handle = await open(file, 'r');
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) return await readStream(createReadStream(file));
    const start = Math.max(0, facts.size - MOST_BYTES);
    const buffer = Buffer.alloc(facts.size - start);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    return { bytes: buffer.subarray(0, bytesRead), isCut: start > 0 };
  } finally {
    await handle.close();
  }
}

async function readStream(stream: AsyncIterable<unknown>): Promise<Tail> {
  let [chunks, length, isCut]: [Buffer[], number, boolean] = [[], 0, false];
  for await (const chunk of stream) {
    if (!Buffer.isBuffer(chunk)) continue;
    chunks.push(chunk);
    length += chunk.length;
    if (length <= 2 * MOST_BYTES) continue;
    const kept = Buffer.concat(chunks).subarray(-MOST_BYTES);
    [chunks, length, isCut] = [[Buffer.from(kept)], kept.length, true];
  }
  const bytes = Buffer.concat(chunks);
  return { bytes: bytes.subarray(-MOST_BYTES), isCut: isCut || bytes.length > MOST_BYTES };
}
