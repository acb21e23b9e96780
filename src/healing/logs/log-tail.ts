import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errorCodeOf } from '../../kernel';

/** Most bytes that are read from the end of a log. */
const MOST_BYTES = 262_144;

export interface LogTail {
  /** Whole lines only. Empty if nothing was written, or if the last line alone is longer than what is read. */
  readonly text: string;
  /** True if earlier text was left out. */
  readonly isCut: boolean;
}

const NOTHING: LogTail = { text: '', isCut: false };

/**
 * Reads the last 256 kB of a log that PM2 writes; a missing file is an empty log. A link is not followed: an agent could
 * put one in the place of its log, and have another file shown.
 *
 * @throws a system error if the file exists but cannot be read
 */
export async function readLogTail(file: string): Promise<LogTail> {
  let handle;
  try {
    // Not blocking: the agent could also put a named pipe there.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return NOTHING;
    throw error;
  }
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) return NOTHING;
    const start = Math.max(0, facts.size - MOST_BYTES);
    const buffer = Buffer.alloc(facts.size - start);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, start);
    const text = buffer.subarray(0, bytesRead).toString('utf8');
    if (start === 0) return { text, isCut: false };
    // Drop a first line that was cut: it could begin with a part of a secret, which no mask would recognize.
    const lineEnd = text.indexOf('\n');
    return { text: lineEnd < 0 ? '' : text.slice(lineEnd + 1), isCut: true };
  } finally {
    await handle.close();
  }
}
