import { Inject, Injectable, Logger } from '@nestjs/common';
import { isProblem, isSettledWithin, messageOf, sleep, type Clock, type Diagnosis } from '../../kernel';
import { RunSecrets } from '../../health';
import { PORT_HOLDERS, type PortHolders } from '../../processes';
import { LaunchPlanner } from '../actor/launch-planner';
import type { ExitDiagnosis } from '../actor/ports';
import { FleetWatch } from '../fleet/fleet-watch';
import type { ExitToDiagnose } from '../machine';
import type { KnownVariables } from './advice';
import { diagnose, type DiagnosisFacts } from './diagnose';
import type { RunProgram } from './install-advice';
import { describePortHolder, ownPortAdvice, portAdvice } from './port-advice';
import { portOf } from './port-number';
import type { LogMark, RunLog, RunOutput } from './run-log';

/** Delay between reads. PM2's daemon writes a log a moment after it reports the exit. */
const READ_AGAIN_MS = 40;
const READS = 4;
/** A busy daemon takes longer. A run that printed nothing so far may still have its words in the daemon's pipe. */
const READS_WITHOUT_WORDS = 10;
/** Time limit for a mark, and for all reads. If the disk is slower, the diagnosis uses what was read so far. */
const LIMIT_MS = 500;
/**
 * Most reads far back within a time. Each takes up to half a second of computing, and a fleet that fails together must
 * not keep the supervisor from its other work.
 */
const DEEP_READS = 4;
const DEEP_WITHIN_MS = 10_000;
/** Time limit for finding the process that holds a port. */
const HOLDER_LIMIT_MS = 400;
/** Signals sent by other processes. The log of the run says nothing about them. */
const FROM_OUTSIDE: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']);

export interface EndOfRun {
  readonly agentId: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Start of its part of the logs; null: unknown, so that its logs are not read. */
  readonly mark: LogMark | null;
  readonly secrets: readonly string[];
  /** Program of the run; null: unknown. */
  readonly program: RunProgram | null;
  /** Names of variables; null: unknown. */
  readonly variables: KnownVariables | null;
}

/** Diagnoses why a run exited. Never rejects, and takes at most half a second. */
export class Diagnostician {
  /** Times of the latest reads far back. */
  private deepReads: readonly number[] = [];

  constructor(
    private readonly log: RunLog,
    private readonly clock: Clock,
  ) {}

  /** Marks the end of an agent's logs; null: the disk did not answer in time. */
  async mark(agentId: string): Promise<LogMark | null> {
    const marks: LogMark[] = [];
    const marking = this.log.mark(agentId).then((mark) => marks.push(mark));
    await isSettledWithin(this.clock, marking, LIMIT_MS);
    return marks[0] ?? null;
  }

  async gather(end: EndOfRun): Promise<Diagnosis> {
    const { exitCode, signal, secrets, program, variables } = end;
    const facts = (output: Omit<RunOutput, 'isCut'>): DiagnosisFacts => ({
      ...{ exitCode, signal, secrets, program, variables, memoryBytes: null },
      ...output,
    });
    let best = diagnose(facts(NO_OUTPUT));
    if (end.mark === null) return best;
    const reading = this.read(end, end.mark, (output) => {
      best = diagnose(facts(output));
      return isExplained(best);
    });
    await isSettledWithin(this.clock, reading, LIMIT_MS);
    return best;
  }

  /** Returns true if a read far back may start now, and counts it. */
  private claimDeepRead(): boolean {
    const now = this.clock.now();
    const recent = this.deepReads.filter((at) => now - at < DEEP_WITHIN_MS);
    if (recent.length >= DEEP_READS) return false;
    this.deepReads = [...recent, now];
    return true;
  }

  /** Reads until the exit is explained, at most {@link READS} times; more often if it said nothing. */
  private async read(end: EndOfRun, mark: LogMark, seen: (output: RunOutput) => boolean): Promise<void> {
    const isOwnDoing = end.signal === null || !FROM_OUTSIDE.has(end.signal);
    for (let round = 0; round < READS_WITHOUT_WORDS; round += 1) {
      const output = await this.log.since(end.agentId, mark);
      // A single line that is longer than one read shows no text, yet its words have arrived.
      const hasWords = output.isCut || output.stdout !== '' || output.stderr !== '';
      if (seen(output) || !isOwnDoing) return;
      if (round >= READS - 1 && hasWords) {
        // A dump may have pushed the reason out of the last lines. One read is enough, once the words have arrived.
        if (output.isCut && this.claimDeepRead()) seen(await this.log.since(end.agentId, mark, true));
        return;
      }
      await sleep(this.clock, READ_AGAIN_MS);
    }
  }
}

const NO_OUTPUT: Omit<RunOutput, 'isCut'> = {
  ...{ stdout: '', stderr: '', stdoutAt: null, stderrAt: null, oomKills: null },
};

/** Returns false while more output may explain the exit. That includes an exit with code 0. */
function isExplained({ cause, evidence }: Diagnosis): boolean {
  if (cause === 'clean-exit') return evidence.some(({ source }) => source === 'stderr' || source === 'stdout');
  return cause !== 'unknown';
}

/** Diagnoses runs of registered agents, and reports each diagnosis to the fleet watch. */
@Injectable()
export class RunDiagnosis implements ExitDiagnosis {
  private readonly logger = new Logger('Diagnosis');

  constructor(
    private readonly planner: LaunchPlanner,
    private readonly secrets: RunSecrets,
    private readonly fleet: FleetWatch,
    private readonly diagnostician: Diagnostician,
    @Inject(PORT_HOLDERS) private readonly holders: PortHolders,
  ) {}

  mark(agentId: string): Promise<LogMark | null> {
    return this.diagnostician.mark(agentId);
  }

  /** Diagnoses why a run exited, within a second; never rejects. */
  async diagnose(agentId: string, { runId, exit, log, program }: ExitToDiagnose): Promise<Diagnosis> {
    const secrets = this.secrets.of(agentId, runId);
    const known = { program: program ?? this.programOf(agentId), variables: this.planner.listVariables(agentId) };
    const end = { agentId, ...exit, mark: log, secrets, ...known };
    const diagnosis = await this.findHolder(agentId, await this.diagnostician.gather(end));
    this.fleet.noteDiagnosis(agentId, diagnosis);
    return diagnosis;
  }

  forget(agentId: string): void {
    this.secrets.forget(agentId);
  }

  /** Adds the process that holds a port in use, as long as it can still be found. */
  private async findHolder(agentId: string, diagnosis: Diagnosis): Promise<Diagnosis> {
    const { cause, line, block, evidence } = diagnosis;
    if (cause !== 'port-in-use') return diagnosis;
    const port = portOf([line, ...block].join('\n'));
    if (port === null) return diagnosis;
    const holder = await this.holders.holderOf(port, HOLDER_LIMIT_MS);
    const isOwn = holder?.pid === process.pid;
    const advice = isOwn ? ownPortAdvice(port) : portAdvice(port, holder, agentId);
    if (holder === null) return { ...diagnosis, advice };
    const found = { source: 'system', detail: describePortHolder(port, holder) } as const;
    return { ...diagnosis, advice, evidence: [...evidence, found] };
  }

  /** Returns what the definition launches; null: unknown now, because a file of it is missing. */
  private programOf(agentId: string): RunProgram | null {
    try {
      const { program, folder } = this.planner.check(agentId);
      return { program, folder };
    } catch (error) {
      if (!isProblem(error)) this.logger.warn({ agentId, error: messageOf(error) }, 'program of a run unknown');
      return null;
    }
  }
}
