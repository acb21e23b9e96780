import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../kernel';
import type { OomWatch } from './oom-kills';

const STREAMS = ['stdout', 'stderr'] as const;
type Stream = (typeof STREAMS)[number];

/** Position in a file; what follows is newer. Inode 0: there was no file. */
interface FileMark {
  readonly inode: number;
  readonly size: number;
}

/** Positions of the logs, and the kernel's OOM count, before a run; saved with it. */
export interface LogMark {
  readonly stdout: FileMark;
  readonly stderr: FileMark;
  readonly oomKills: number | null;
}

export interface RunOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Time of the last write to each stream, in epoch milliseconds; null: unknown. */
  readonly stdoutAt: number | null;
  readonly stderrAt: number | null;
  /** True if a stream was longer than what was read of it. */
  readonly isCut: boolean;
  /** Processes that the kernel killed for lack of memory since the mark and within the last seconds; null: unknown. */
  readonly oomKills: number | null;
}

/** Most bytes that are read of each stream: at first, and for an exit that the first ones do not explain. */
const MOST_BYTES = 65_536;
const MOST_BYTES_DEEP = 1_048_576;
const NO_FILE: FileMark = { inode: 0, size: 0 };

/** Reads what the process manager wrote of one run, from a mark before its launch on, across rotation and truncation. */
export class RunLog {
  constructor(
    private readonly fileOf: (agentId: string, stream: Stream) => string,
    private readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void,
    private readonly oom: Pick<OomWatch, 'count' | 'recent'>,
  ) {}

  async mark(agentId: string): Promise<LogMark> {
    const [stdout, stderr] = await Promise.all(STREAMS.map((stream) => this.markOf(agentId, stream)));
    return { stdout: stdout ?? NO_FILE, stderr: stderr ?? NO_FILE, oomKills: this.oom.count() };
  }

  /**
   * Returns the output since the mark. An unreadable log is empty.
   *
   * @param isDeep false: at most the last 64 kB per stream; true: at most the last 1 MB
   */
  async since(agentId: string, mark: LogMark, isDeep = false): Promise<RunOutput> {
    const most = isDeep ? MOST_BYTES_DEEP : MOST_BYTES;
    const [stdout, stderr] = await Promise.all([
      this.readStream(agentId, 'stdout', mark.stdout, most),
      this.readStream(agentId, 'stderr', mark.stderr, most),
    ]);
    return {
      ...{ stdout: stdout.text, stderr: stderr.text, stdoutAt: stdout.at, stderrAt: stderr.at },
      isCut: stdout.isCut || stderr.isCut,
      oomKills: this.oomKillsSince(mark),
    };
  }

  private async readStream(agentId: string, stream: Stream, mark: FileMark, most: number): Promise<StreamOutput> {
    try {
      return await this.read(agentId, stream, mark, most);
    } catch (error) {
      this.warn({ agentId, stream, error: messageOf(error) }, 'a log could not be read');
      return NO_OUTPUT;
    }
  }

  /** Counts neither kills before the launch (an earlier run) nor kills long before the death (another process). */
  private oomKillsSince(mark: LogMark): number | null {
    const [now, recent] = [this.oom.count(), this.oom.recent()];
    if (now === null || recent === null || mark.oomKills === null) return null;
    return Math.max(0, Math.min(recent, now - mark.oomKills));
  }

  private async markOf(agentId: string, stream: Stream): Promise<FileMark> {
    const facts = await factsOf(this.fileOf(agentId, stream));
    return facts === null ? NO_FILE : { inode: facts.inode, size: facts.size };
  }

  private async read(agentId: string, stream: Stream, mark: FileMark, most: number): Promise<StreamOutput> {
    const file = this.fileOf(agentId, stream);
    const now = await factsOf(file);
    if (now !== null && now.inode === mark.inode) {
      // If the file was truncated in place, all of its content is newer.
      return outputOf([await tail(file, now.size < mark.size ? 0 : mark.size, most)], now.at, most);
    }
    const older = mark.inode === 0 ? null : await findRotated(file, mark.inode);
    const pieces = [
      ...(older === null ? [] : [await tail(older, mark.size, most)]),
      ...(now === null ? [] : [await tail(file, 0, most)]),
    ];
    return outputOf(pieces, now?.at ?? null, most);
  }
}

interface StreamOutput {
  readonly text: string;
  readonly isCut: boolean;
  /** Time of the last write; null: unknown, or nothing was written. */
  readonly at: number | null;
}

const NO_OUTPUT: StreamOutput = { text: '', isCut: false, at: null };

/** Finds the file that had the name before a rotation, by its inode. Its new name begins like the old one. */
async function findRotated(file: string, inode: number): Promise<string | null> {
  const { dir, name: stem } = path.parse(file);
  for (const name of await readdir(dir)) {
    if (!name.startsWith(stem)) continue;
    const other = path.join(dir, name);
    if ((await factsOf(other))?.inode === inode) return other;
  }
  return null;
}

/** Returns null if the file does not exist, or is not a regular file as PM2 would write. */
async function factsOf(file: string): Promise<(FileMark & { readonly at: number }) | null> {
  try {
    const facts = await lstat(file);
    return facts.isFile() ? { inode: facts.ino, size: facts.size, at: facts.mtimeMs } : null;
  } catch {
    return null;
  }
}

interface Piece {
  readonly bytes: Buffer;
  /** True if it begins in the middle of the output. */
  readonly isCut: boolean;
}

/** Reads the last bytes of a file, none before `from`. */
async function tail(file: string, from: number, most: number): Promise<Piece> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - most);
    const length = Math.max(0, size - start);
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, start);
    return { bytes: bytes.subarray(0, bytesRead), isCut: start > from };
  } finally {
    await handle.close();
  }
}

function outputOf(pieces: readonly Piece[], at: number | null, most: number): StreamOutput {
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
  if (bytes.length === 0) return NO_OUTPUT;
  const isCut = (pieces[0]?.isCut ?? false) || bytes.length > most;
  const text = bytes.subarray(Math.max(0, bytes.length - most)).toString('utf8');
  // Drop a first line that was cut: it could be taken for another message, or begin with a part of a secret.
  const begin = isCut ? text.search(/[\r\n]/) + 1 : 0;
  return { text: isCut && begin === 0 ? '' : text.slice(begin), isCut, at };
}
