import { isSettledWithin, sleep, type Clock, type Diagnosis } from '../../kernel';
import { diagnose, type DiagnosisFacts } from './diagnose';
import type { LogMark, RunLog, RunOutput } from './run-log';

/** PM2's daemon writes a log a moment after it tells of the exit. */
const READ_AGAIN_MS = 40;
const READS = 4;
/** Beyond this the disk does not answer, and the exit has to say enough. */
const LIMIT_MS = 500;
/** Signals by which others end a process: its log says nothing about them. */
const FROM_OUTSIDE: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);

export interface EndOfRun {
  readonly agentId: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Where its part of the logs begins; null: not known, and then they say nothing. */
  readonly mark: LogMark | null;
  readonly secrets: readonly string[];
}

/** Finds out why a run ended. It never rejects, and never takes longer than half a second. */
export class Diagnostician {
  constructor(
    private readonly log: RunLog,
    private readonly clock: Clock,
  ) {}

  async gather(end: EndOfRun): Promise<Diagnosis> {
    const { exitCode, signal, secrets } = end;
    const facts = (output: RunOutput): DiagnosisFacts => ({ exitCode, signal, secrets, memoryBytes: null, ...output });
    let best = diagnose(facts({ stdout: '', stderr: '', oomKills: null }));
    if (end.mark === null) return best;
    const reading = this.read(end, end.mark, (output) => {
      best = diagnose(facts(output));
      return best.cause !== 'unknown';
    });
    await isSettledWithin(this.clock, reading, LIMIT_MS);
    return best;
  }

  /** Reads until it is known why, or nothing more comes. */
  private async read(end: EndOfRun, mark: LogMark, seen: (output: RunOutput) => boolean): Promise<void> {
    const isOwnDoing = end.signal === null ? end.exitCode !== 0 : !FROM_OUTSIDE.has(end.signal);
    for (let round = 0; round < READS; round += 1) {
      const output = await this.log.since(end.agentId, mark);
      if (seen(output) || !isOwnDoing) return;
      await sleep(this.clock, READ_AGAIN_MS);
    }
  }
}
