import type { Clock, DesiredState, NewId, Random } from '../../src/kernel';
import { CircuitBreaker } from '../../src/circuit';
import type { EventDraft } from '../../src/events';
import { AgentSupervisor } from '../../src/healing/agent-supervisor';
import type { Change } from '../../src/healing/journal';
import {
  afterReboot,
  diagnoseExit,
  revivedState,
  type AgentState,
  type HealingPolicy,
} from '../../src/healing/machine';
import { WriteQueue } from '../../src/persistence/write-queue';
import { FakeRuntime } from '../support/fake-runtime';
import type { FakeWorld } from '../support/fake-world';
import { FakeHealth, GRACE_MS, isChecked } from './fake-health';
import { DiskConnection, writesOf, type FakeDisk } from './fake-disk';

const PASS_MS = 5_000;
const HOUR_MS = 3_600_000;

export const POLICY: HealingPolicy = {
  restart: 'always',
  verifyMs: 10_000,
  stableMs: 60_000,
  backoffBaseMs: 1_000,
  backoffMaxMs: 300_000,
  restartDelayMs: 0,
  killTimeoutMs: 2_000,
  graceMs: GRACE_MS,
  isChecked: true,
  isExternal: false,
  isFleetIncident: false,
  reminderMs: 0,
  circuit: { failureThreshold: 5, failuresPerHour: 20, cooldownMs: 60_000 },
};

const NO_LOG = { stdout: { inode: 0, size: 0 }, stderr: { inode: 0, size: 0 }, oomKills: null };

export interface LifeParts {
  readonly world: FakeWorld;
  readonly disk: FakeDisk;
  readonly clock: Clock;
  readonly random: Random;
  readonly newId: NewId;
  readonly agentIds: readonly string[];
  readonly trace: (line: string) => void;
  /** Whether a process answers its health check. */
  readonly answers: (pid: number) => boolean;
  /** False: without the periodic pass and its list. */
  readonly relists: boolean;
}

/** One supervisor from its start to its end: the production parts over the fake world. */
export class Life {
  readonly runtime: FakeRuntime;
  readonly supervisor: AgentSupervisor;
  readonly circuits: CircuitBreaker;
  private readonly health: FakeHealth;
  private readonly desired: Map<string, DesiredState>;
  private readonly connection: DiskConnection;
  private isOver = false;
  /** The events of all that was decided without anybody waiting for it: each has to be in the history in the end. */
  readonly told: EventDraft[] = [];

  constructor(private readonly parts: LifeParts) {
    const { world, disk, clock, random, newId, trace } = parts;
    this.runtime = new FakeRuntime(world, clock);
    this.health = new FakeHealth(clock, newId, parts.answers, trace);
    this.connection = new DiskConnection(disk, clock, random);
    const queue = new WriteQueue(this.connection, {
      clock,
      log: (_, message) => {
        trace(message);
      },
    });
    this.desired = new Map(parts.agentIds.map((agentId) => [agentId, disk.desired.get(agentId) ?? 'stopped']));
    this.circuits = new CircuitBreaker(clock, () => POLICY.circuit, {
      loadAll: () => Promise.resolve(new Map(disk.circuits)),
      saveEventually: (agentId, circuit) => {
        void queue.submitEventually((tx) => write(tx, (to) => to.circuits.set(agentId, circuit)), 'a circuit');
      },
    });
    const save = (change: Change) => (tx: Parameters<typeof writesOf>[0]) =>
      write(tx, (to) => {
        to.save(change);
      });
    this.supervisor = new AgentSupervisor(
      {
        ...{ clock, random, newId, runtime: this.runtime, circuits: this.circuits },
        desired: {
          desiredState: (agentId) => this.desired.get(agentId) ?? 'stopped',
          applyDesired: (agentId, desired) => this.desired.set(agentId, desired),
        },
        journal: {
          commit: (change, options) => queue.submit(save(change), { subject: change.agentId, ...options }),
          commitEventually: (change) => {
            for (const event of change.events) trace(`${change.agentId} ${event.type} ${JSON.stringify(event.data)}`);
            this.told.push(...change.events);
            return queue.submitEventually(save(change), 'a change', change.agentId);
          },
        },
        log: {
          info: () => undefined,
          warn: (fields, message) => {
            trace(`${message} ${JSON.stringify(fields)}`);
          },
        },
        policyOf: (agentId) => {
          const isFleetIncident = this.health.fleet.isIncident();
          return { ...POLICY, isChecked: isChecked(agentId), isFleetIncident };
        },
        diagnose: (_, { exit }) => Promise.resolve(diagnoseExit(exit)),
        markLog: () => Promise.resolve(NO_LOG),
        planLaunch: (agentId, { launch }) =>
          Promise.resolve({
            ...{ agentId, runId: launch.runId, program: '/agents/sleeps', args: [], cwd: '/agents', env: {} },
            killTimeoutMs: POLICY.killTimeoutMs,
          }),
      },
      {
        launchConcurrency: 8,
        passMs: this.parts.relists ? PASS_MS : Infinity,
        resumed: () => {
          this.health.resumed();
        },
      },
    );
  }

  async begin(): Promise<void> {
    const { agentIds } = this.parts;
    await this.circuits.load();
    for (const agentId of agentIds) {
      this.supervisor.add(agentId, this.revived(agentId));
    }
    this.health.begin(this.supervisor, agentIds);
    await this.supervisor.begin();
    if (this.parts.relists) this.passEvery();
  }

  private revived(agentId: string): AgentState | null {
    const { disk, clock } = this.parts;
    const saved = disk.states.get(agentId);
    if (saved === undefined) return null;
    const state = structuredClone(saved);
    const isFromEarlierBoot = disk.boots.get(agentId) !== disk.boot;
    const desired = this.desired.get(agentId) ?? 'stopped';
    return revivedState(isFromEarlierBoot ? afterReboot(state, desired) : state, clock.now(), HOUR_MS);
  }

  /** kill -9: nothing is said goodbye to. */
  kill(): void {
    this.isOver = true;
    this.health.end();
    this.connection.close();
    this.supervisor.end();
    void this.runtime.close();
  }

  get isAlive(): boolean {
    return !this.isOver;
  }

  private passEvery(): void {
    this.parts.clock.after(PASS_MS, () => {
      if (this.isOver) return;
      void this.supervisor.pass();
      this.passEvery();
    });
  }
}

function write(
  tx: Parameters<typeof writesOf>[0],
  change: ReturnType<typeof writesOf>[number] | ((disk: FakeDisk) => unknown),
): Promise<void> {
  writesOf(tx).push((disk) => {
    change(disk);
  });
  return Promise.resolve();
}
