import type { DesiredState } from '../../../src/kernel';
import type { FakeProcess } from '../../support/fake-process';
import type { FakeWorld } from '../../support/fake-world';

const SHELL_TAKES_MS = 500;
/** Time after a shell command in which another fault may still destroy its traces. */
const SHELL_WINDOW_MS = 8_000;
/** From the snapshot before a launch to the launch. */
const LAUNCH_GAP_MS = 100;
/** Time for which a frozen daemon may hold back a launch that was decided before the operator acted. */
const IN_FLIGHT_MS = 20_000;
/** Time after a stop or restart was requested in which the process may be killed for it. */
const KILL_ALLOWED_MS = 60_000;
/** Time within which the service notices, saves and settles an operator's act, faults included. */
const ACT_EXPLAINS_MS = 60_000;
/** Time within which a process of an unregistered agent has to be killed. */
const UNREGISTERED_MS = 30_000;

interface Expectation {
  /** Desired states that are right in the end. Both, if the operator's last command may or may not have been applied. */
  readonly allowed: ReadonlySet<DesiredState>;
  readonly by: 'api' | 'shell';
  readonly since: number;
}

/**
 * Judges the service: observes the world, knows what the operators asked for, and reports each broken promise. It does
 * not rely on the state of the service.
 */
export class Referee {
  readonly violations: string[] = [];
  /** Returns true for a process that healing may kill, because it hangs forever. */
  isUnwell: (process: FakeProcess) => boolean = () => false;
  private readonly expectations = new Map<string, Expectation>();
  private readonly killAllowedAt = new Map<string, number>();
  /** By agent and desired state, the time of the last act that may lead to it. */
  private readonly actedAt = new Map<string, number>();
  private readonly bornAt = new WeakMap<FakeProcess, number>();
  private readonly unregisteredSince = new Map<FakeProcess, number>();

  /** @param activeTime counts the time in which the service was not frozen: it could do nothing in the rest */
  constructor(
    private readonly world: FakeWorld,
    private readonly activeTime: { now(): number },
    agentIds: readonly string[],
  ) {
    for (const agentId of agentIds) this.allow(agentId, ['stopped'], 'api');
    world.onBirth = (process) => {
      this.onBirth(process);
    };
  }

  // -- what operators do ---------------------------------------------------------------------------------------------

  /** Sets the desired states that are right for the agent from now on. */
  allow(agentId: string, allowed: readonly DesiredState[], by: Expectation['by']): void {
    this.expectations.set(agentId, { allowed: new Set(allowed), by, since: this.activeTime.now() });
  }

  allowedOf(agentId: string): ReadonlySet<DesiredState> {
    return this.expectations.get(agentId)?.allowed ?? new Set();
  }

  /** Records that an operator requested an end of the process, by a stop or a restart. */
  allowKill(agentId: string): void {
    this.killAllowedAt.set(agentId, this.activeTime.now());
  }

  /** Records that an operator did something to the agent that may lead to these desired states. */
  noteAct(agentId: string, leadsTo: readonly DesiredState[]): void {
    for (const desired of leadsTo) this.actedAt.set(`${agentId} ${desired}`, this.activeTime.now());
  }

  /** Returns true while a shell command for the agent is being executed. */
  isBusyInShell(agentId: string): boolean {
    return this.shellCommandAgeMs(agentId) < SHELL_TAKES_MS;
  }

  /** Returns true while the service may not know of the last shell command yet. */
  hasRecentShellCommand(agentId: string): boolean {
    return this.shellCommandAgeMs(agentId) < SHELL_WINDOW_MS;
  }

  /** Excuses the service from noticing shell commands after `since`: a fault may have destroyed their traces. */
  excuseLostTraces(agentIds: readonly string[], since = this.activeTime.now() - SHELL_WINDOW_MS): void {
    for (const agentId of agentIds) {
      const expectation = this.expectations.get(agentId);
      if (expectation?.by === 'shell' && expectation.since > since)
        this.allow(agentId, ['running', 'stopped'], 'shell');
    }
  }

  private shellCommandAgeMs(agentId: string): number {
    const expectation = this.expectations.get(agentId);
    return expectation?.by === 'shell' ? this.activeTime.now() - expectation.since : Infinity;
  }

  // -- what the service does -----------------------------------------------------------------------------------------

  /** Requires that an act on this very agent explains its new desired state. */
  onDesiredChanged(agentId: string, desired: DesiredState): void {
    const agoMs = this.activeTime.now() - (this.actedAt.get(`${agentId} ${desired}`) ?? -Infinity);
    if (agoMs > ACT_EXPLAINS_MS) this.report(agentId, `desired state is ${desired} without an act of an operator`);
  }

  /** Called when a restart was answered as done. Requires that it used the changed arguments. */
  onRestarted(agentId: string, args: string): void {
    const [process, ...others] = this.world.aliveOf(agentId);
    if (process === undefined || others.length > 0 || process.startedBy === 'operator') return;
    if (!process.args.includes(args)) this.report(agentId, `restarted without its changed arguments ${args}`);
  }

  /**
   * Requires a reason for the kill: an operator requested it, the agent may be stopped, or the process is unwell,
   * unlisted or a duplicate.
   */
  onKill(process: FakeProcess): void {
    const { agentId, pid } = process;
    const isAsked = this.activeTime.now() - (this.killAllowedAt.get(agentId) ?? -Infinity) < KILL_ALLOWED_MS;
    const isAlone = this.world.aliveOf(agentId).length === 1;
    const isListed = this.world.listed().some((entry) => entry.process?.pid === pid);
    const isWanted = !this.allowedOf(agentId).has('stopped');
    // A freeze is no excuse: an agent must not be killed for what was late or failed while the service was frozen.
    if (!isAsked && isAlone && isListed && isWanted && !this.isUnwell(process))
      this.report(agentId, `pid ${pid} was killed needlessly`);
  }

  private onBirth(process: FakeProcess): void {
    const { agentId, startedBy } = process;
    const now = this.activeTime.now();
    this.bornAt.set(process, now);
    if (startedBy === 'operator') return;
    for (const other of this.world.aliveOf(agentId)) {
      const isExcused = other.startedBy === 'operator' && now - (this.bornAt.get(other) ?? 0) < IN_FLIGHT_MS;
      if (!isExcused) this.report(agentId, `run ${process.runId} was started while pid ${other.pid} lived`);
    }
    const expectation = this.expectations.get(agentId);
    if (expectation === undefined || expectation.allowed.has('running')) return;
    const ageMs = now - expectation.since;
    // PM2 leaves a gap between the snapshot and the launch that cannot be closed.
    if (expectation.by === 'shell' && ageMs < LAUNCH_GAP_MS) this.allow(agentId, ['running', 'stopped'], 'shell');
    else if (expectation.by === 'api' || ageMs > IN_FLIGHT_MS)
      this.report(agentId, `started although an operator stopped it (${expectation.by})`);
  }

  // -- judgement -----------------------------------------------------------------------------------------------------

  /** Requires that no process of an unregistered agent lives for long: no route could kill it. */
  judgeUnregistered(isRegistered: (agentId: string) => boolean, limitMs = UNREGISTERED_MS): void {
    const now = this.activeTime.now();
    for (const process of this.world.processes.values()) {
      if (isRegistered(process.agentId) || process.startedBy === 'operator') this.unregisteredSince.delete(process);
      else {
        const since = this.unregisteredSince.get(process) ?? now;
        this.unregisteredSince.set(process, since);
        if (now - since >= limitMs && !this.world.isUnkillable(process))
          this.report(process.agentId, `pid ${process.pid} lives although the agent is not registered`);
      }
    }
  }

  /** Requires, after a long quiet, that the agent runs once and is listed if it should, and does not run otherwise. */
  judgeEnd(agentId: string, isHalted: boolean): void {
    const alive = this.world.aliveOf(agentId);
    const allowed = this.allowedOf(agentId);
    if (alive.length > 1) this.report(agentId, `${alive.length} processes live at the end`);
    if (alive.length === 1 && !allowed.has('running'))
      this.report(agentId, 'runs at the end although an operator stopped it');
    if (alive.length === 0 && !allowed.has('stopped') && !isHalted)
      this.report(agentId, 'does not run at the end although it should');
    this.judgeDescendants(agentId, alive);
    if (alive.some((process) => this.isUnwell(process))) this.report(agentId, 'hangs at the end and was not replaced');
    const listed = this.world.listed().filter((entry) => entry.agentId === agentId && entry.process !== null);
    if (alive.length === 1 && listed.length !== 1) this.report(agentId, 'lives at the end but is not listed');
  }

  private judgeDescendants(agentId: string, alive: readonly FakeProcess[]): void {
    // A restart in a shell keeps the run id, so that descendants of the crashed process count as those of the new one.
    // A start in a shell and its crash may both fall into one freeze: the service may never notice that process.
    const isOfDeadRun = ({ runId, startedBy }: FakeProcess) =>
      startedBy === 'us' && !alive.some((process) => process.runId === runId);
    for (const { pid } of this.world.leftBehind(agentId).filter(isOfDeadRun))
      this.report(agentId, `pid ${pid}, a descendant of an exited run, lives at the end`);
  }

  /** Requires that the history holds each event once, and none of the recorded ones is missing. */
  judgeHistory(history: readonly object[], recorded: readonly object[]): void {
    const saved = new Set(history);
    if (saved.size < history.length) this.report('history', `${history.length - saved.size} events are saved twice`);
    const missing = recorded.filter((event) => !saved.has(event));
    if (missing.length > 0) this.report('history', `events are missing: ${JSON.stringify(missing)}`);
  }

  report(agentId: string, violation: string): void {
    this.violations.push(`${agentId}: ${violation}`);
  }
}
