import type { DesiredState } from '../../../src/kernel';
import { countedIds } from '../../support/seeded';
import type { DaemonFaults } from '../faults/daemon-faults';
import type { DatabaseFaults } from '../faults/database-faults';
import type { FatalCauses } from '../faults/fatal-causes';
import type { Freezes } from '../faults/freezes';
import type { Illness } from '../faults/illness';
import type { OperatorRequests } from '../operators/operator-requests';
import type { HealingHolds } from '../referee/healing-holds';
import { checkKills } from '../referee/kill-checks';
import type { SimulationContext } from '../simulation-context';
import type { FakeDisk } from './fake-disk';
import { ServiceProcess, type Variant } from './service-process';

const LONGEST_DOWN_MS = 4_000;
/** Time in which requests are answered at a shutdown. A request waits for a snapshot for 5 s. */
const ANSWERED_AT_SHUTDOWN_MS = 10_000;
const BEAT_MS = 3_000;
/** Slower in the quiet, to save time. Still less than half of the time after which a heartbeat is stale. */
const QUIET_BEAT_MS = 5_000;

const EITHER: readonly DesiredState[] = ['running', 'stopped'];

interface Parts {
  readonly variant: Variant;
  readonly disk: FakeDisk;
  readonly database: DatabaseFaults;
  readonly daemon: DaemonFaults;
  readonly freezes: Freezes;
  readonly illness: Illness;
  readonly fatalCauses: FatalCauses;
  readonly requests: OperatorRequests;
  readonly holds: HealingHolds;
}

/** Starts the process of the service, kills it or shuts it down, and starts the next one. */
export class ServiceLifecycle {
  private latest: ServiceProcess;
  /** Process that is shutting down and still holds the lock of its data folder; null: none. */
  private closing: ServiceProcess | null = null;
  private isQuiet = false;
  private readonly newId = countedIds();

  constructor(
    private readonly context: SimulationContext,
    private readonly parts: Parts,
  ) {
    this.latest = this.create();
  }

  /** Returns the latest process. It may have ended. */
  get current(): ServiceProcess {
    return this.latest;
  }

  get isShuttingDown(): boolean {
    return this.closing !== null;
  }

  /** Starts the first process. */
  begin(): void {
    this.context.say('the service starts');
    void this.latest.begin();
  }

  /** Starts another process if the latest one has ended. */
  ensureRunning(): void {
    if (this.latest.isAlive) return;
    this.latest = this.create();
    this.begin();
  }

  /** Kills the process with SIGKILL, also during its shutdown. The next one starts later. */
  kill(): void {
    const { freezes, requests } = this.parts;
    if (!this.latest.isAlive && this.closing === null) return;
    this.excuseUnsaved();
    this.context.say('the service is killed');
    this.closing = null;
    this.latest.kill();
    freezes.end();
    requests.forget(this.latest);
    this.startLater();
  }

  /** Shuts the process down. Every request is answered before it exits. The next one starts later. */
  shutDown(): void {
    const { latest } = this;
    if (!latest.isAlive || this.parts.freezes.isFrozen) return;
    this.excuseUnsaved();
    this.context.say('the service shuts down');
    this.closing = latest;
    void latest.shutDown().then((isSaved) => {
      if (this.closing === latest) this.onShutDown(latest, isSaved);
    });
  }

  /** Sends heartbeats less often from now on. */
  beginQuiet(): void {
    this.isQuiet = true;
  }

  private create(): ServiceProcess {
    const { say, referee } = this.context;
    const { variant, disk, illness, fatalCauses, holds } = this.parts;
    const service = new ServiceProcess(this.context, {
      ...{ variant, disk, newId: this.newId },
      agentHealth: {
        answers: (pid) => illness.answers(pid),
        beats: (pid) => illness.beats(pid),
        beatMs: () => (this.isQuiet ? QUIET_BEAT_MS : BEAT_MS),
      },
      loggedCauseOf: (runId) => fatalCauses.causeOf(runId),
      onDesiredChanged: (agentId, desired) => {
        say(`${agentId} desired ${desired}`);
        referee.onDesiredChanged(agentId, desired);
      },
    });
    checkKills(service, referee, holds);
    return service;
  }

  private onShutDown(service: ServiceProcess, isSaved: boolean): void {
    const { clock, say, referee } = this.context;
    const { disk, requests } = this.parts;
    this.closing = null;
    say(`the service has exited, ${isSaved ? 'everything is saved' : 'not everything is saved'}`);
    clock.after(ANSWERED_AT_SHUTDOWN_MS, () => {
      // If the database hangs, the process exits without the outcome of its last commit.
      if (isSaved) requests.reportUnanswered(service, 0);
      requests.forget(service);
    });
    if (isSaved) referee.judgeHistory(disk.history, service.journal.recorded);
    this.startLater();
  }

  private startLater(): void {
    // The next process opens the data folder again.
    this.parts.database.reopen();
    this.context.clock.after(this.context.draw(LONGEST_DOWN_MS), () => {
      this.ensureRunning();
    });
  }

  /** Excuses the next process from what this one may not have saved. */
  private excuseUnsaved(): void {
    const { agents, referee } = this.context;
    const { disk, database, daemon } = this.parts;
    const { notSavedSince, unrecorded } = database;
    referee.excuseLostTraces(agents);
    referee.excuseLostTraces(agents, notSavedSince);
    // If the outcome of a `pm2 kill` or `pm2 update` is not on disk, the next process may take one for the other.
    const isEndUnsaved = daemon.ends > 0 && notSavedSince < Infinity;
    if (isEndUnsaved || daemon.isUpdateUnseen()) {
      for (const agentId of agents)
        if (referee.allowedOf(agentId).has('running')) referee.allow(agentId, EITHER, 'shell');
    }
    for (const agentId of unrecorded)
      if (disk.desired.get(agentId) === 'running') referee.allow(agentId, EITHER, 'api');
    unrecorded.clear();
  }
}
