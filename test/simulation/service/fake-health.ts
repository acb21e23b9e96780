import type { OwnAddress } from '../../../src/config';
import type { NewId } from '../../../src/kernel';
import type { AgentActors } from '../../../src/healing/actor/agent-actors';
import { FleetWatch, type FleetEvents } from '../../../src/healing/fleet/fleet-watch';
import { currentIncarnation, incarnationOf, verifiedAt } from '../../../src/healing/machine';
import type { CheckResult } from '../../../src/health/check-result';
import type { HeartbeatStore, SavedHeartbeat } from '../../../src/health/heartbeat/heartbeat-store';
import { Heartbeats } from '../../../src/health/heartbeat/heartbeats';
import { NO_HISTORY, withCheck, withoutStreak, withProcess, type HealthHistory } from '../../../src/health/history';
import { outcomeOf } from '../../../src/health/outcome';
import type { TokenBudgets } from '../../../src/health/tokens/token-budgets';
import { verdictOf, type Standing } from '../../../src/health/verdict';
import type { SimulationContext } from '../simulation-context';
import { answerMs, isChecked, type AgentHealth } from './agent-traits';
import type { DiskJournal } from './disk-journal';
import type { FakeDisk } from './fake-disk';
import { HeartbeatSender } from './heartbeat-sender';
import type { ServiceClock } from './service-clock';

const CHECK_MS = 10_000;
const CHECK_TIMEOUT_MS = 5_000;
export const GRACE_MS = 30_000;
/** Longer than a blip. Most freezes are longer. */
const HEARTBEAT_TIMEOUT_MS = 12_000;
const SELF_FAILING_MS = 120_000;

const GOOD: CheckResult = { ok: true, responseMs: 5, statusCode: 200, error: null, cause: null };
const HUNG: CheckResult = { ok: false, responseMs: 5_000, statusCode: null, error: 'no answer', cause: 'hung' };
const NOTHING_ELSE: Standing = {
  ...{ heartbeatAgeMs: null, heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS },
  ...{ withoutProgressMs: null, progressTimeoutMs: null, tokens: null, memory: null, selfFailing: null },
};
const NO_TOKENS = { record: () => Promise.resolve() };

interface Parts {
  readonly actors: AgentActors;
  readonly clock: ServiceClock;
  readonly newId: NewId;
  readonly agentHealth: AgentHealth;
  readonly disk: FakeDisk;
  readonly journal: DiskJournal;
}

type Up = NonNullable<ReturnType<typeof findUpRun>>;

/** Checks agents over the fake world. The production rules judge: history, heartbeats, verdict and fleet watch. */
export class FakeHealth {
  readonly fleet: FleetWatch;
  private readonly heartbeats: Heartbeats;
  private readonly sender: HeartbeatSender;
  private readonly histories = new Map<string, HealthHistory>();
  private hasEnded = false;

  constructor(
    private readonly context: SimulationContext,
    private readonly parts: Parts,
  ) {
    const { agents, say } = context;
    const { actors, clock, newId, agentHealth } = parts;
    this.heartbeats = makeHeartbeats(parts);
    this.sender = new HeartbeatSender(context, { actors, clock, heartbeats: this.heartbeats, agentHealth });
    this.fleet = new FleetWatch(clock, newId, tracedEvents(say), {
      upAgents: () => agents.filter((agentId) => findUpRun(actors, agentId) !== null),
      verifiedAt: (agentId) => verifiedAt(actors.situationOf(agentId)?.state.phase ?? null),
      canRestart: () => true,
    });
  }

  async begin(): Promise<void> {
    await this.heartbeats.load();
    this.scheduleChecks();
    this.sender.begin();
  }

  end(): void {
    this.hasEnded = true;
    this.sender.end();
  }

  onResumed(): void {
    this.heartbeats.onResume();
    for (const [agentId, history] of this.histories) this.histories.set(agentId, withoutStreak(history));
  }

  forget(agentId: string): void {
    this.heartbeats.forget(agentId);
    this.histories.delete(agentId);
    this.fleet.forget(agentId);
  }

  private scheduleChecks(): void {
    this.parts.clock.after(CHECK_MS, () => {
      if (this.hasEnded) return;
      for (const agentId of this.context.agents.filter(isChecked)) this.check(agentId);
      this.fleet.pass();
      this.scheduleChecks();
    });
  }

  /** Sends a health check. A process that is gone or does not answer fails it. */
  private check(agentId: string): void {
    const { actors, clock, agentHealth } = this.parts;
    const up = findUpRun(actors, agentId);
    if (up === null) return;
    const { pid } = up.run.process;
    let isDone = false;
    const finish = (result: CheckResult) => {
      if (isDone) return;
      isDone = true;
      timeout.cancel();
      this.onChecked(agentId, up, result);
    };
    const timeout = clock.after(CHECK_TIMEOUT_MS, () => {
      finish(HUNG);
    });
    this.context.clock.after(answerMs(agentId), () => {
      const isGone = !this.context.world.processes.has(pid);
      if (isGone || agentHealth.answers(pid))
        clock.gate(() => {
          finish(isGone ? HUNG : GOOD);
        });
    });
  }

  private onChecked(agentId: string, { run, since }: Up, check: CheckResult): void {
    const { actors, clock } = this.parts;
    const incarnation = incarnationOf(run);
    const now = findUpRun(actors, agentId);
    if (this.hasEnded || now === null || incarnationOf(now.run) !== incarnation) return;
    let history = withProcess(this.histories.get(agentId) ?? NO_HISTORY, incarnation);
    const withinGrace = !check.ok && !history.wasGood && clock.now() - since < GRACE_MS;
    if (!withinGrace) history = withCheck(history, check);
    this.histories.set(agentId, history);
    const vitals = this.heartbeats.vitalsOf(agentId);
    const failing = verdictOf(history, { ...NOTHING_ELSE, heartbeatAgeMs: vitals?.ageMs ?? null });
    const outcome = outcomeOf(check, {
      ...{ incarnation, withinGrace, isBusy: false, failing, vitals },
      hasSentHeartbeats: this.heartbeats.hasSent(agentId),
      limits: {
        heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS,
        progressTimeoutMs: null,
        selfFailingMs: SELF_FAILING_MS,
      },
    });
    const mayAct = this.fleet.noteCheck(agentId, outcome);
    actors.find(agentId)?.post({ type: 'checked', ...outcome, mayAct });
  }
}

function makeHeartbeats({ actors, clock, disk, journal }: Parts): Heartbeats {
  const store = {
    loadAll: () => Promise.resolve(new Map(disk.heartbeats)),
    save: (agentId: string, heartbeat: SavedHeartbeat) => journal.saveHeartbeat(agentId, heartbeat),
  };
  const address = { port: 0 } as OwnAddress;
  const incarnations = {
    incarnationOf: (agentId: string) => {
      const machineState = actors.situationOf(agentId);
      return machineState === null ? null : currentIncarnation(machineState.state.phase);
    },
  };
  const tokens = NO_TOKENS as unknown as TokenBudgets;
  const listener = { onHeartbeat: () => undefined };
  return new Heartbeats(store as unknown as HeartbeatStore, clock, address, tokens, incarnations, listener);
}

function tracedEvents(say: (line: string) => void): FleetEvents {
  return {
    onDegraded: ({ affected }) => {
      say(`a fleet incident begins: ${affected.join(', ')}`);
    },
    onChanged: () => undefined,
    onCanary: (_, agentId) => {
      say(`${agentId} is the canary`);
    },
    onRestored: () => {
      say('the fleet incident is over');
    },
  };
}

/** Returns the run of an agent that runs as it should, and since when; null: it is in any other phase. */
function findUpRun(actors: AgentActors, agentId: string) {
  const machineState = actors.situationOf(agentId);
  const phase = machineState?.state.phase;
  if (machineState?.desired !== 'running' || (phase?.kind !== 'verifying' && phase?.kind !== 'running')) return null;
  return { run: phase.run, since: phase.since };
}
