import path from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { CLOCK, type Clock, type Diagnosis } from '../kernel';
import { SETTINGS, type ResolvedSettings } from '../config';
import { AgentRegistry } from '../registry';
import { mintAgentToken, SIGNING_KEY } from '../runtime';
import { Diagnostician, RunLog, type LogMark } from './diagnosis';
import type { EndToDiagnose } from './machine';

/** Of each agent the marks of so many launches are remembered: more than can be waiting for their answers. */
const MARKS_KEPT = 4;

/** Diagnoses runs of registered agents: knows where their logs begin, and which values must not be shown. */
@Injectable()
export class RunDiagnosis {
  private readonly runLog: RunLog;
  private readonly diagnostician: Diagnostician;
  private readonly marks = new Map<string, { readonly runId: string; readonly mark: LogMark }[]>();

  constructor(
    private readonly registry: AgentRegistry,
    @Inject(SIGNING_KEY) private readonly key: Buffer,
    @Inject(SETTINGS) settings: ResolvedSettings,
    @Inject(CLOCK) clock: Clock,
  ) {
    const logger = new Logger('Diagnosis');
    this.runLog = new RunLog(path.join(settings.pm2Home, 'logs'), (fields, message) => {
      logger.warn({ ...fields }, message);
    });
    this.diagnostician = new Diagnostician(this.runLog, clock);
  }

  /** Just before a launch. */
  async mark(agentId: string, runId: string): Promise<LogMark> {
    const mark = await this.runLog.mark(agentId);
    this.marks.set(agentId, [...(this.marks.get(agentId) ?? []), { runId, mark }].slice(-MARKS_KEPT));
    return mark;
  }

  /** Why a run ended; within half a second, and it never rejects. */
  diagnose(agentId: string, { runId, run, exit }: EndToDiagnose): Promise<Diagnosis> {
    const known = this.marks.get(agentId)?.find((each) => each.runId === runId)?.mark;
    const mark = run?.log ?? known ?? null;
    return this.diagnostician.gather({ agentId, ...exit, mark, secrets: this.secretsOf(agentId, runId) });
  }

  forget(agentId: string): void {
    this.marks.delete(agentId);
  }

  /** What it was given and nobody else should see: its env, what was passed on to it, and the token of its run. */
  private secretsOf(agentId: string, runId: string): string[] {
    const agent = this.registry.findAgent(agentId);
    const passedOn = (agent?.envFrom ?? []).map((name) => process.env[name] ?? '');
    return [...Object.values(agent?.env ?? {}), ...passedOn, mintAgentToken({ agentId, runId }, this.key)];
  }
}
