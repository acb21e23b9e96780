import type { ProcessManagerSignal } from '../process-manager-signal';
import type { ProcessIdentity } from '../process-table/process-inspector';
import type { BusTopic } from './bus';
import {
  daemonEndingSchema,
  daemonLogSchema,
  isAgent,
  processEventSchema,
  runIdOf,
  type Pm2Record,
  type VerifyToken,
} from './pm2-packet';

/**
 * Matches `App [name:3] exited with code [0] via signal [SIGKILL]`, the only place where PM2 reports a signal
 * (PM2-FACTS, 3).
 */
const EXIT_LINE = /^App \[(.*:\d+)\] exited with code \[(-?\d+)\] via signal \[(\w+)\]/;

/**
 * Matches `Error: spawn /path/to/program ENOENT`, the reason why a launch that PM2 calls a success has no process
 * (PM2-FACTS, 4).
 */
const SPAWN_ERROR = /^Error: spawn (.+) (E[A-Z0-9]+)$/m;

/** 128 + 2, the number of SIGINT (daemon-preload.cjs, docs/adr/0008). */
const INTERRUPTED = 130;

interface ExitEvidence {
  readonly exitCode: number;
  readonly signal: string;
}

/**
 * Decodes packets of PM2's bus into signals. It is pure except for what it must remember between packets: the daemon's
 * log line before an exit, and the incarnations that have exited, because PM2 reports an ordered exit twice.
 */
export class EventDecoder {
  /** Keyed by name and number, because PM2 reuses numbers. */
  private readonly evidence = new Map<string, ExitEvidence>();
  private readonly ended = new Map<number, string>();
  private readonly spawnErrors = new Map<string, string>();

  constructor(
    private readonly daemon: ProcessIdentity,
    private readonly verify: VerifyToken,
  ) {}

  /** @returns null if the packet does not concern the lifecycle of an agent */
  decode(topic: BusTopic, packet: unknown): ProcessManagerSignal | null {
    switch (topic) {
      case 'pm2:kill':
        return daemonEndingSchema.safeParse(packet).success ? { kind: 'daemon-ending', daemon: this.daemon } : null;
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
    const [, entry, exitCode, signal] = match ?? [];
    if (entry === undefined || exitCode === undefined || signal === undefined) return;
    this.evidence.set(entry, { exitCode: Number(exitCode), signal });
  }

  /** Returns and clears the system error of the last failed launch of a program; null if there was none. */
  takeSpawnError(program: string): string | null {
    const code = this.spawnErrors.get(program) ?? null;
    this.spawnErrors.delete(program);
    return code;
  }

  private decodeEvent(packet: unknown): ProcessManagerSignal | null {
    const parsed = processEventSchema.safeParse(packet);
    if (!parsed.success) return null;
    const { event, manually, process, at } = parsed.data;
    const evidence = event === 'exit' ? this.takeEvidence(process) : undefined;
    if (!isAgent(process)) return null;
    if (event === 'exit') return this.decodeExit(process, evidence);
    const who = { agentId: process.name, upSince: process.pm_uptime ?? 0 };
    if (event === 'online') return { kind: 'came-online', ...who, uniqueId: process.unique_id ?? '' };
    if (manually !== true) return null;
    if (event === 'stop') return { kind: 'operator-stopped', ...who, at: at ?? 0 };
    if (event === 'restart') return { kind: 'operator-started', ...who };
    return null;
  }

  private takeEvidence({ name, pm_id }: Pm2Record): ExitEvidence | undefined {
    const entry = `${name}:${pm_id}`;
    const evidence = this.evidence.get(entry);
    this.evidence.delete(entry);
    return evidence;
  }

  private decodeExit(process: Pm2Record, evidence: ExitEvidence | undefined): ProcessManagerSignal | null {
    const incarnation = `${process.unique_id ?? ''}:${process.pm_uptime ?? 0}`;
    if (this.ended.get(process.pm_id) === incarnation) return null;
    this.ended.set(process.pm_id, incarnation);
    return {
      kind: 'exited',
      agentId: process.name,
      runId: runIdOf(process, this.verify),
      upSince: process.pm_uptime ?? 0,
      exitCode: evidence?.exitCode ?? process.exit_code ?? null,
      signal: signalOf(evidence),
      ordered: process.status === 'stopping',
    };
  }
}

/**
 * Returns the signal that killed the process. PM2 also prints SIGINT if there was no signal, so SIGINT alone proves
 * nothing. The daemon preload sets the exit code that shells use for a death by SIGINT. Programs that exit with that
 * code by themselves mean the same.
 */
function signalOf(evidence: ExitEvidence | undefined): string | null {
  if (evidence === undefined) return null;
  const { signal, exitCode } = evidence;
  return exitCode === (signal === 'SIGINT' ? INTERRUPTED : 0) ? signal : null;
}
