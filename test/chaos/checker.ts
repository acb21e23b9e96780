import { readdirSync } from 'node:fs';
import { LinuxProcessInspector, type ProcessFacts, type ProcessIdentity } from '../../src/processes';

const LOOK_MS = 50;
const STRANGER_READS = 40;

interface Seen extends ProcessIdentity {
  readonly startTime: number;
  readonly agentId: string;
  readonly runId: string;
  readonly isLeader: boolean;
}

/**
 * Reads the process table every 50 ms, without using the API. An agent must never have two live leaders. Between an
 * acknowledged stop and the next requested start it must have no process at all.
 */
export class Checker {
  readonly violations: string[] = [];
  looks = 0;
  /** Called for each new leader. */
  onBirth: (agentId: string, pid: number) => void = () => undefined;
  private readonly inspector = new LinuxProcessInspector();
  private readonly known = new Map<string, Seen>();
  private readonly strangers = new Map<string, number>();
  private readonly stopped = new Set<string>();
  private readonly reported = new Set<string>();
  private timer: NodeJS.Timeout | null = null;
  private leaders = new Map<string, Seen[]>();

  constructor(private readonly pm2Home: string) {}

  begin(): void {
    this.timer = setInterval(() => {
      this.look();
    }, LOOK_MS);
  }

  end(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Reports every live process of the agent from now on, because a stop was acknowledged. */
  mustStay(agentId: string): void {
    this.stopped.add(agentId);
  }

  /** Permits processes of the agent again: a start was requested, or the outcome of a command is unknown. */
  mayRun(agentId: string): void {
    this.stopped.delete(agentId);
  }

  /** Returns the live leader of an agent, as last seen. */
  leaderOf(agentId: string): number | null {
    return this.leaders.get(agentId)?.[0]?.pid ?? null;
  }

  /** Returns every live process of the agents under test. */
  living(): Seen[] {
    return this.scan();
  }

  look(): void {
    this.looks += 1;
    const byAgent = new Map<string, Seen[]>();
    for (const process of this.scan()) {
      if (process.isLeader) byAgent.set(process.agentId, [...(byAgent.get(process.agentId) ?? []), process]);
      if (this.stopped.has(process.agentId)) this.report('against the operator', [process]);
    }
    for (const leaders of byAgent.values()) if (leaders.length > 1) this.report('two at once', leaders);
    this.leaders = byAgent;
  }

  /** Records a violation if all these processes are still alive. Some may have exited during the scan. */
  private report(what: string, processes: readonly Seen[]): void {
    if (!processes.every((process) => this.inspector.isAlive(process))) return;
    const ids = processes.map(({ pid, runId }) => `${pid} (run ${runId})`).join(', ');
    const text = `${what}: ${processes[0]?.agentId ?? ''}: ${ids}`;
    if (this.reported.has(text)) return;
    this.reported.add(text);
    this.violations.push(text);
  }

  private scan(): Seen[] {
    const living: Seen[] = [];
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const facts = this.inspector.facts(pid);
      if (facts === null) continue;
      const seen = this.identifyOnce(`${pid}:${facts.startTime}`, facts);
      if (seen !== null) living.push(seen);
    }
    return living;
  }

  private identifyOnce(key: string, facts: ProcessFacts): Seen | null {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    // Between fork and exec a process has its parent's environment. An unknown process is therefore read several times.
    const looks = this.strangers.get(key) ?? 0;
    if (looks > STRANGER_READS) return null;
    const seen = this.identify(facts);
    if (seen === null) this.strangers.set(key, looks + 1);
    else {
      this.known.set(key, seen);
      if (seen.isLeader) this.onBirth(seen.agentId, seen.pid);
    }
    return seen;
  }

  private identify({ pid, startTime, sessionId }: ProcessFacts): Seen | null {
    const environment = this.inspector.environment(pid);
    const agentId = environment?.get('AGENT_ID');
    const runId = environment?.get('AGENT_RUN_ID');
    if (agentId === undefined || runId === undefined) return null;
    if (environment?.get('AGENTS_OF') !== this.pm2Home) return null;
    return { pid, startTime, agentId, runId, isLeader: sessionId === pid };
  }
}
