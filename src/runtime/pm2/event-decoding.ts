import type { ProcessIdentity, RuntimeSignal } from '../process-runtime';
import type { BusTopic } from './bus';
import { daemonLogSchema, isOurs, processEventSchema, type Pm2Record } from './pm2-packet';

/** `App [name:3] exited with code [0] via signal [SIGKILL]`: the only place where PM2 tells a signal (PM2-FACTS, 3). */
const EXIT_LINE = /^App \[.*:(\d+)\] exited with code \[(-?\d+)\] via signal \[(\w+)\]/;

/** `Error: spawn /path/to/program ENOENT`: why there is no process where PM2 calls a launch a success (PM2-FACTS, 4). */
const SPAWN_ERROR = /^Error: spawn (.+) (E[A-Z0-9]+)$/m;

interface ExitEvidence {
  readonly exitCode: number;
  readonly signal: string;
}

/**
 * Turns packets of PM2's bus into signals. Pure but for what it has to remember from packet to packet: the daemon's log
 * line just before an exit, and which incarnations have ended already, since an ordered exit is told twice.
 */
export class EventDecoder {
  private readonly evidence = new Map<number, ExitEvidence>();
  private readonly ended = new Map<number, string>();
  private readonly spawnErrors = new Map<string, string>();

  constructor(private readonly daemon: ProcessIdentity) {}

  /** @returns null for everything that does not concern an agent's life */
  decode(topic: BusTopic, packet: unknown): RuntimeSignal | null {
    switch (topic) {
      case 'pm2:kill':
        return { kind: 'daemon-ending', daemon: this.daemon };
      case 'log:PM2':
        this.noteEvidence(packet);
        return null;
      case 'process:event':
        return this.decodeEvent(packet);
    }
  }

  private noteEvidence(packet: unknown): void {
    const parsed = daemonLogSchema.safeParse(packet);
    if (!parsed.success) return;
    const [, program, code] = SPAWN_ERROR.exec(parsed.data.data) ?? [];
    if (program !== undefined && code !== undefined) this.spawnErrors.set(program, code);
    const match = EXIT_LINE.exec(parsed.data.data);
    const [, pmId, exitCode, signal] = match ?? [];
    if (pmId === undefined || exitCode === undefined || signal === undefined) return;
    this.evidence.set(Number(pmId), { exitCode: Number(exitCode), signal });
  }

  /** The system's word on the last launch of a program that led to no process, once; null: it said none. */
  takeSpawnError(program: string): string | null {
    const code = this.spawnErrors.get(program) ?? null;
    this.spawnErrors.delete(program);
    return code;
  }

  private decodeEvent(packet: unknown): RuntimeSignal | null {
    const parsed = processEventSchema.safeParse(packet);
    if (!parsed.success || !isOurs(parsed.data.process)) return null;
    const { event, manually, process, at } = parsed.data;
    if (event === 'exit') return this.decodeExit(process);
    const who = { agentId: process.name, pmId: process.pm_id, upSince: process.pm_uptime ?? 0 };
    if (event === 'online') return { kind: 'came-online', ...who };
    if (manually !== true) return null;
    if (event === 'stop') return { kind: 'operator-stopped', ...who, at: at ?? 0 };
    if (event === 'restart') return { kind: 'operator-started', ...who };
    return null;
  }

  private decodeExit(process: Pm2Record): RuntimeSignal | null {
    const evidence = this.evidence.get(process.pm_id);
    this.evidence.delete(process.pm_id);
    const incarnation = `${process.unique_id ?? ''}:${process.pm_uptime ?? 0}`;
    if (this.ended.get(process.pm_id) === incarnation) return null;
    this.ended.set(process.pm_id, incarnation);
    return {
      kind: 'exited',
      agentId: process.name,
      runId: process.AGENT_RUN_ID ?? null,
      pmId: process.pm_id,
      upSince: process.pm_uptime ?? 0,
      exitCode: evidence?.exitCode ?? process.exit_code ?? null,
      signal: signalOf(evidence),
      ordered: process.status === 'stopping',
    };
  }
}

/** PM2 prints SIGINT where there was no signal, so SIGINT is no evidence of one. */
function signalOf(evidence: ExitEvidence | undefined): string | null {
  if (evidence === undefined || evidence.signal === 'SIGINT' || evidence.exitCode !== 0) return null;
  return evidence.signal;
}
