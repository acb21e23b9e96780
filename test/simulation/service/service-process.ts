import type { DesiredState, Diagnosis, NewId } from '../../../src/kernel';
import { Circuits } from '../../../src/circuit';
import { AgentActors } from '../../../src/healing/actor/agent-actors';
import { adaptToReboot, rehydrateState, type AgentState } from '../../../src/healing/machine';
import { AgentSupervisor } from '../../../src/healing/supervisor/agent-supervisor';
import { WriteQueue } from '../../../src/persistence/write-queue';
import type { FakeDaemon } from '../../support/fake-daemon';
import { FakeProcessManager } from '../../support/fake-process-manager';
import type { SimulationContext } from '../simulation-context';
import { DiskJournal } from './disk-journal';
import { DiskConnection } from './disk-connection';
import type { FakeDisk } from './fake-disk';
import type { AgentHealth } from './agent-traits';
import { FakeHealth } from './fake-health';
import { FakeRegistry } from './fake-registry';
import { ServiceClock } from './service-clock';
import { makePorts } from './service-ports';

const PASS_MS = 5_000;
const HOUR_MS = 3_600_000;
/** Time for which a shutdown waits for the database, as in production. */
const FLUSH_MS = 5_000;
const LAUNCH_CONCURRENCY = 8;

/** Guards of the service that a test can disable, to prove that a seed then fails. */
export interface Variant {
  /** False: no periodic pass with its snapshot. */
  readonly relists: boolean;
  /** False: the service's clock counts the time in which its process did not run. */
  readonly losesTime: boolean;
}

export interface ServiceParts {
  readonly variant: Variant;
  readonly disk: FakeDisk;
  readonly newId: NewId;
  readonly agentHealth: AgentHealth;
  /** Returns the cause that the log of a run names; null: none. */
  readonly loggedCauseOf: (runId: string) => Diagnosis | null;
  /** Called when the desired state of an agent changes. */
  readonly onDesiredChanged: (agentId: string, desired: DesiredState) => void;
}

/** One process of the service, from its start to its end: the production supervision over the fake world. */
export class ServiceProcess {
  readonly clock: ServiceClock;
  readonly runtime: FakeProcessManager;
  readonly registry: FakeRegistry;
  readonly circuits: Circuits;
  readonly supervisor: AgentSupervisor;
  readonly journal: DiskJournal;
  private readonly health: FakeHealth;
  private readonly connection: DiskConnection;
  private readonly queue: WriteQueue;
  private hasEnded = false;

  constructor(
    context: SimulationContext,
    private readonly parts: ServiceParts,
  ) {
    const { world, random, say } = context;
    const { variant, disk, newId, agentHealth } = parts;
    const clock = new ServiceClock(context.clock, variant.losesTime);
    this.clock = clock;
    this.runtime = new FakeProcessManager(world, clock, clock.gate);
    this.registry = new FakeRegistry(disk, parts.onDesiredChanged);
    this.connection = new DiskConnection(disk, clock, random);
    const log = (_: object, message: string) => {
      say(message);
    };
    this.queue = new WriteQueue(this.connection, { clock, log });
    this.journal = new DiskJournal(disk, this.queue, say);
    this.circuits = new Circuits(clock, { loadAll: () => Promise.resolve(new Map(disk.circuits)) });
    const actors = new AgentActors();
    const { runtime, registry, circuits, journal } = this;
    this.health = new FakeHealth(context, { actors, clock, newId, agentHealth, disk, journal });
    const { loggedCauseOf } = parts;
    const ports = makePorts({
      ...{ clock, random, newId, runtime, circuits, registry, journal, health: this.health, loggedCauseOf, say },
    });
    this.supervisor = new AgentSupervisor(ports, actors, LAUNCH_CONCURRENCY);
  }

  get isAlive(): boolean {
    return !this.hasEnded;
  }

  /** Returns true if the latest snapshot of the service shows this daemon. */
  hasSeen(daemon: FakeDaemon | null): boolean {
    return this.supervisor.latest()?.daemon.pid === daemon?.identity.pid;
  }

  async begin(): Promise<void> {
    await this.circuits.load();
    for (const agentId of this.registry.agents.keys()) this.supervisor.add(agentId, this.loadState(agentId));
    await this.health.begin();
    await this.supervisor.begin();
    if (this.parts.variant.relists) this.schedulePass();
  }

  /** Ends the process as SIGKILL does: nothing is flushed or answered. */
  kill(): void {
    this.hasEnded = true;
    this.health.end();
    this.connection.close();
    this.supervisor.end();
    void this.runtime.close();
  }

  /** Shuts down in the order of production. @returns true if everything is on disk */
  async shutDown(): Promise<boolean> {
    this.hasEnded = true;
    this.health.end();
    this.supervisor.end();
    await this.runtime.close();
    const isSaved = await this.queue.flush(FLUSH_MS);
    this.connection.close();
    return isSaved;
  }

  /** Returns the saved state of an agent, as adapted at the start of the production service. */
  private loadState(agentId: string): AgentState | null {
    const { disk } = this.parts;
    const saved = disk.states.get(agentId);
    if (saved === undefined) return null;
    const state = structuredClone(saved);
    const isFromEarlierBoot = disk.boots.get(agentId) !== disk.boot;
    const adapted = isFromEarlierBoot ? adaptToReboot(state, this.registry.desiredState(agentId)) : state;
    return rehydrateState(adapted, this.clock.now(), HOUR_MS, disk.offsets.get(agentId) ?? 0);
  }

  private schedulePass(): void {
    this.clock.after(PASS_MS, () => {
      if (this.hasEnded) return;
      void this.supervisor.pass();
      this.schedulePass();
    });
  }
}
