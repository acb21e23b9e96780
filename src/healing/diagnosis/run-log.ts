import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '../../kernel';
import { readOomKills } from './oom-kills';

const STREAMS = ['stdout', 'stderr'] as const;
type Stream = (typeof STREAMS)[number];
const FILE_KINDS: Readonly<Record<Stream, string>> = { stdout: 'out', stderr: 'error' };

/** Where a file stood: what is after that is newer. Inode 0: there was none. */
interface FileMark {
  readonly inode: number;
  readonly size: number;
}

/** Where the logs, and the kernel's count, stood before a run; saved with it. */
export interface LogMark {
  readonly stdout: FileMark;
  readonly stderr: FileMark;
  readonly oomKills: number | null;
}

export interface RunOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** Processes that the kernel ended for lack of memory since the mark; null: not known. */
  readonly oomKills: number | null;
}

const MOST_BYTES = 65_536;
const NO_FILE: FileMark = { inode: 0, size: 0 };

/** What PM2's daemon has written of one run: from a mark made before its launch, through rotation and truncation. */
export class RunLog {
  constructor(
    private readonly folder: string,
    private readonly warn: (fields: Readonly<Record<string, unknown>>, message: string) => void,
  ) {}

  async mark(agentId: string): Promise<LogMark> {
    const [stdout, stderr] = await Promise.all(STREAMS.map((stream) => this.markOf(agentId, stream)));
    return { stdout: stdout ?? NO_FILE, stderr: stderr ?? NO_FILE, oomKills: readOomKills() };
  }

  /** The last of what was written since the mark, at most 64 kB a stream; what cannot be read is empty. */
  async since(agentId: string, mark: LogMark): Promise<RunOutput> {
    const [stdout, stderr] = await Promise.all(
      STREAMS.map(async (stream) => {
        try {
          return await this.read(agentId, stream, mark[stream]);
        } catch (error) {
          this.warn({ agentId, stream, error: messageOf(error) }, 'a log could not be read');
          return '';
        }
      }),
    );
    const now = readOomKills();
    const oomKills = now === null || mark.oomKills === null ? null : Math.max(0, now - mark.oomKills);
    return { stdout: stdout ?? '', stderr: stderr ?? '', oomKills };
  }

  private fileOf(agentId: string, stream: Stream): string {
    return path.join(this.folder, `${agentId}-${FILE_KINDS[stream]}.log`);
  }

  private async markOf(agentId: string, stream: Stream): Promise<FileMark> {
    const facts = await factsOf(this.fileOf(agentId, stream));
    return facts ?? NO_FILE;
  }

  private async read(agentId: string, stream: Stream, mark: FileMark): Promise<string> {
    const file = this.fileOf(agentId, stream);
    const now = await factsOf(file);
    if (now !== null && now.inode === mark.inode) {
      // Truncated in place: all that is there is newer.
      return textOf([await tail(file, now.size < mark.size ? 0 : mark.size)]);
    }
    const older = mark.inode === 0 ? null : await this.rotated(file, mark.inode);
    const pieces = [
      ...(older === null ? [] : [await tail(older, mark.size)]),
      ...(now === null ? [] : [await tail(file, 0)]),
    ];
    return textOf(pieces);
  }

  /** The file that had the name before: it keeps its inode. */
  private async rotated(file: string, inode: number): Promise<string | null> {
    const stem = path.basename(file, '.log');
    for (const name of await readdir(this.folder)) {
      if (!name.startsWith(stem)) continue;
      const other = path.join(this.folder, name);
      if ((await factsOf(other))?.inode === inode) return other;
    }
    return null;
  }
}

/** null: there is no such file, or it is none that PM2 would write. */
async function factsOf(file: string): Promise<FileMark | null> {
  try {
    const facts = await lstat(file);
    return facts.isFile() ? { inode: facts.ino, size: facts.size } : null;
  } catch {
    return null;
  }
}

interface Piece {
  readonly bytes: Buffer;
  /** It begins in the middle of what was written. */
  readonly isCut: boolean;
}

/** The last bytes of a file, none before `from`. */
async function tail(file: string, from: number): Promise<Piece> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = await handle.stat();
    const start = Math.max(from, size - MOST_BYTES);
    const length = Math.max(0, size - start);
    const bytes = Buffer.alloc(length);
    const { bytesRead } = await handle.read(bytes, 0, length, start);
    return { bytes: bytes.subarray(0, bytesRead), isCut: start > from };
  } finally {
    await handle.close();
  }
}

function textOf(pieces: readonly Piece[]): string {
  const isCut = pieces[0]?.isCut ?? false;
  const bytes = Buffer.concat(pieces.map((piece) => piece.bytes));
  const text = bytes.subarray(Math.max(0, bytes.length - MOST_BYTES)).toString('utf8');
  // A first line that was cut could look like another one.
  return isCut || bytes.length > MOST_BYTES ? text.slice(text.indexOf('\n') + 1) : text;
}
