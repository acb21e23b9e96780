import { messageOf, PriorityLimiter, sleep, type FailureLog } from '../../kernel';
import type { TerminateTarget } from '../../processes';
import type { AgentActor } from './agent-actor';
import type { ActingEffect } from './decision';
import { KillQueue } from './kill-queue';
import type { SupervisionPorts } from './ports';

const SWEEPS_AT_ONCE = 2;
/** Pause before each sweep, so that other work runs between the sweeps after a mass exit. */
const SWEEP_PAUSE_MS = 50;
/** Time after which a sweep gives up its slot: from then on it only waits for exits, which costs little. */
const SWEEP_SLOT_MS = 350;
/** Time from SIGTERM to SIGKILL for descendants of a dead run (docs/health.md). */
const DESCENDANT_KILL_MS = 1_000;
/** Delay after a failed kill before a scan, which shows what must be killed again. */
const END_AGAIN_MS = 5_000;

type Actor = Pick<AgentActor, 'agentId' | 'post'>;

/** Kills processes of agents: stopped runs, descendants of dead runs, and others that must not live. */
export class Reaper {
  private readonly kills: KillQueue;
  /** Each sweep scans the whole process table, so hundreds at once would starve everything else. */
  private readonly sweeps = new PriorityLimiter(SWEEPS_AT_ONCE);
  /** By agent, a promise that resolves once its sweeps are over. */
  private readonly sweeping = new Map<string, Promise<void>>();
  /** Processes whose kill is in progress. */
  private readonly ending = new Set<string>();

  constructor(
    private readonly ports: SupervisionPorts,
    private readonly failures: FailureLog,
    private readonly observe: (scan: boolean) => void,
  ) {
    this.kills = new KillQueue(ports.runtime);
  }

  /** Kills a run, or the whole agent, for a stop. The outcome returns as `kill-ended`. */
  async kill(actor: Actor, effect: Extract<ActingEffect, { type: 'kill' }>): Promise<void> {
    const { agentId } = actor;
    const { runId, process, scope, isRest } = effect;
    const target = { agentId, runId: scope === 'agent' ? null : runId, process };
    const { killTimeoutMs } = this.ports.policies.of(agentId);
    const alive = await this.endAll(target, isRest ? DESCENDANT_KILL_MS : killTimeoutMs);
    const pids = alive ?? (process === null ? [] : [process.pid]);
    actor.post({ type: 'kill-ended', runId, scope, gone: alive === null, pids });
  }

  /**
   * Kills a process that must not live. At most one attempt at a time, because each snapshot shows it until it is gone.
   */
  endProcess(actor: Actor, effect: Extract<ActingEffect, { type: 'end-process' }>): void {
    const { process, why } = effect;
    const identity = `${process.pid}:${process.startTime ?? 0}`;
    if (this.ending.has(identity)) return;
    this.ending.add(identity);
    const done = this.endOne(actor, effect, `end ${identity}`).then((gone) => {
      if (gone) this.ending.delete(identity);
      else this.scanLater(() => this.ending.delete(identity));
    });
    if (why === 'descendant') this.trackSweep(actor.agentId, done);
  }

  /** Kills the descendants of a dead run, by their marker. */
  sweep(agentId: string, runId: string): void {
    const { clock } = this.ports;
    const done = new Promise<void>((resolve) => {
      void this.sweeps.run(0, () => {
        const swept = sleep(clock, SWEEP_PAUSE_MS).then(() =>
          this.endAll({ agentId, runId, process: null }, DESCENDANT_KILL_MS),
        );
        void swept.then((alive) => {
          if (alive !== null) this.scanLater();
          resolve();
        });
        return Promise.race([swept.then(() => undefined), sleep(clock, SWEEP_SLOT_MS)]);
      });
    });
    this.trackSweep(agentId, done);
  }

  /** Resolves once all sweeps of the agent are over. */
  waitForSweeps(agentId: string): Promise<void> {
    return this.sweeping.get(agentId) ?? Promise.resolve();
  }

  private async endOne(
    actor: Actor,
    { process, runId, why }: Extract<ActingEffect, { type: 'end-process' }>,
    failure: string,
  ): Promise<boolean> {
    const { agentId } = actor;
    const fields = { agentId, pid: process.pid, why };
    this.failures.reportFailure(failure, fields, 'reap started');
    try {
      const killTimeoutMs = why === 'descendant' ? DESCENDANT_KILL_MS : this.ports.policies.of(agentId).killTimeoutMs;
      const outcome = await this.ports.runtime.terminateProcess(process, killTimeoutMs);
      if (outcome.kind === 'alive') return false;
    } catch (error) {
      this.failures.reportFailure(`${failure} error`, { ...fields, error: messageOf(error) }, 'kill failed');
      return false;
    }
    this.failures.reportRecovery(`${failure} error`, fields, 'kill recovered');
    this.failures.reportRecovery(failure, fields, 'reap succeeded');
    actor.post({ type: 'reaped', pid: process.pid, runId, why });
    // If it exited by itself just before, the kill did not see what it left behind.
    this.observe(true);
    return true;
  }

  /** Kills all processes of a target. Returns null once none is left, else the pids that are known to live. */
  private async endAll(target: TerminateTarget, killTimeoutMs: number): Promise<readonly number[] | null> {
    const { agentId, process } = target;
    const failure = `kill ${agentId}`;
    try {
      const outcome = await this.kills.end(target, killTimeoutMs);
      if (outcome.kind === 'gone') {
        this.failures.reportRecovery(failure, { agentId }, 'kill recovered');
        return null;
      }
      this.failures.reportFailure(failure, { agentId, pids: outcome.pids }, 'processes survive SIGKILL');
      return outcome.pids;
    } catch (error) {
      this.failures.reportFailure(failure, { agentId, error: messageOf(error) }, 'kill failed');
      return process === null ? [] : [process.pid];
    }
  }

  /** Requests a scan after a pause: periodic snapshots show only the daemon's children. */
  private scanLater(prepare: () => unknown = () => undefined): void {
    this.ports.clock.after(END_AGAIN_MS, () => {
      prepare();
      this.observe(true);
    });
  }

  private trackSweep(agentId: string, done: Promise<void>): void {
    const all = this.waitForSweeps(agentId).then(() => done);
    this.sweeping.set(agentId, all);
    void all.then(() => {
      if (this.sweeping.get(agentId) === all) this.sweeping.delete(agentId);
    });
  }
}
