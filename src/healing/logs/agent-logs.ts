import { Inject, Injectable } from '@nestjs/common';
import {
  CLOCK,
  isExternal,
  maskSecrets,
  messageOf,
  Problem,
  stripEscapes,
  withTimeout,
  type Clock,
} from '../../kernel';
import { RunSecrets } from '../../health';
import { PROCESS_MANAGER, type ProcessManager } from '../../processes';
import { AgentDefinitions } from '../../registry';
import { currentRunId } from '../machine';
import { AgentSupervisor } from '../supervisor/agent-supervisor';
import { readLogTail } from './log-tail';

export const LOG_STREAMS = ['stdout', 'stderr'] as const;
export type LogStream = (typeof LOG_STREAMS)[number];

export interface TailOptions {
  /** At least 1. */
  readonly lines: number;
  /** Newest lines to leave out, 0 or more. */
  readonly skip?: number;
}

export interface TailLines {
  /** Oldest first. Secrets and escape sequences are removed; other control characters are not. */
  readonly lines: readonly string[];
  /** True if the log has earlier lines. */
  readonly hasEarlier: boolean;
}

/** Limit for reading one log. A disk that hangs must not hold the caller. */
const READ_MS = 5_000;

/** Reads what agents wrote to their logs. Only the end of the present log file is read, at most 256 kB. */
@Injectable()
export class AgentLogs {
  constructor(
    private readonly definitions: AgentDefinitions,
    private readonly supervisor: AgentSupervisor,
    private readonly secrets: RunSecrets,
    @Inject(PROCESS_MANAGER) private readonly runtime: Pick<ProcessManager, 'outputFileOf'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Returns the last lines of a log, without the secrets of the agent.
   *
   * @throws Problem `agent-not-found`; `external-agent` if the supervisor does not launch it, so that it has no log
   * here; `internal-error` if the log cannot be read
   */
  async tail(agentId: string, stream: LogStream, { lines, skip = 0 }: TailOptions): Promise<TailLines> {
    const agent = this.definitions.getAgent(agentId);
    if (isExternal(agent))
      throw new Problem(
        'external-agent',
        `${agentId} has no entry point, so the supervisor does not have its output. Read its log where it runs.`,
      );
    const { text, isCut } = await this.read(agentId, stream);
    const machineState = this.supervisor.machineState(agentId);
    const runId = machineState === null ? null : currentRunId(machineState.state.phase);
    // Masked before it is split: a secret may span several lines.
    const all = maskSecrets(stripEscapes(text), this.secrets.of(agentId, runId)).split(/\r\n|\n|\r/);
    if (all.at(-1) === '') all.pop();
    const end = Math.max(0, all.length - skip);
    const begin = Math.max(0, end - lines);
    return { lines: all.slice(begin, end), hasEarlier: begin > 0 || isCut };
  }

  private async read(agentId: string, stream: LogStream) {
    try {
      const reading = readLogTail(this.runtime.outputFileOf(agentId, stream));
      return await withTimeout(
        this.clock,
        reading,
        READ_MS,
        () => new Error(`it took longer than ${READ_MS / 1_000} s`),
      );
    } catch (error) {
      throw new Problem(
        'internal-error',
        `The log of ${agentId} could not be read: ${messageOf(error)}. Check the log folder of PM2.`,
        { cause: error },
      );
    }
  }
}
