import { readdirSync } from 'node:fs';
import { LinuxProcessInspector, type ProcessFacts, type ProcessIdentity } from '../../src/runtime';

const LOOK_MS = 50;
const STRANGER_LOOKS = 40;

interface Seen extends ProcessIdentity {
  readonly startTime: number;
  readonly agentId: string;
  readonly runId: string;
  readonly isLeader: boolean;
}

/**
 * Looks at the process table every 50 ms, by itself: our API is not asked. An agent must never have two live leaders, nor any
 * process at all between an acknowledged stop and the next start that was asked for.
 */
export class Checker {
  readonly violations: string[] = [];
  looks = 0;
  /** Told of each leader that appears. */
  onBirth: (agentId: string, pid: number) => void = () => undefined;
  private readonly inspector = new LinuxProcessInspector();
  private readonly known = new Map<string, Seen>();
  private readonly strangers = new Map<string, number>();
  private readonly stopped = new Set<string>();
  private readonly told = new Set<string>();
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

  /** A stop was acknowledged: from now on nothing of it may live. */
  mustStay(agentId: string): void {
    this.stopped.add(agentId);
  }

  /** It may run again: a start is being asked for, or nobody knows what became of a command. */
  mayRun(agentId: string): void {
    this.stopped.delete(agentId);
  }

  /** The live leader of an agent, as last seen. */
  leaderOf(agentId: string): number | null {
    return this.leaders.get(agentId)?.[0]?.pid ?? null;
  }

  /** Everything of ours that lives now. */
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

  /** A scan takes a moment: only what still lives, all of it at one time, is a violation. */
  private report(what: string, processes: readonly Seen[]): void {
    if (!processes.every((process) => this.inspector.isAlive(process))) return;
    const ids = processes.map(({ pid, runId }) => `${pid} (run ${runId})`).join(', ');
    const text = `${what}: ${processes[0]?.agentId ?? ''}: ${ids}`;
    if (this.told.has(text)) return;
    this.told.add(text);
    this.violations.push(text);
  }

  private scan(): Seen[] {
    const living: Seen[] = [];
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid)) continue;
      const facts = this.inspector.facts(pid);
      if (facts === null) continue;
      const seen = this.seenAs(`${pid}:${facts.startTime}`, facts);
      if (seen !== null) living.push(seen);
    }
    return living;
  }

  private seenAs(key: string, facts: ProcessFacts): Seen | null {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    // Between fork and exec a process has its parent's environment: a stranger is looked at again for a while.
    const looks = this.strangers.get(key) ?? 0;
    if (looks > STRANGER_LOOKS) return null;
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
