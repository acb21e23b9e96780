import { isProblem, type DesiredState } from '../../src/kernel';
import type { RuntimeSignal } from '../../src/runtime';
import type { MachineEvent } from '../../src/healing/machine';
import { FakeClock } from '../support/fake-clock';
import { FakeWorld, type LaunchFate } from '../support/fake-world';
import { countedIds, seededRandom } from '../support/seeded';
import { FakeDisk } from './fake-disk';
import { DEEDS, type Deed } from './deeds';
import { Illness } from './illness';
import { Life } from './life';
import { OperatorShell } from './operator-shell';
import { Referee } from './referee';

const FEW = ['a', 'b', 'c'];
/** Enough for one cause to be seen in many; every fifth seed has so many. */
const MANY = [...FEW, 'd', 'e', 'f'];
const STEPS = 45;
const LONGEST_PAUSE_MS = 6_000;
/** Time after which an end of the daemon is no update. */
const END_OPEN_MS = 32_000;
/** Time in which a connected supervisor has seen a new daemon. */
const SEEN_MS = 3_000;
/** From an act in a shell until its save is under way. */
const COMMIT_MS = 500;
/** Time in which everything that waited is saved. */
const SAVED_MS = 2_000;
/** Time after which a launch that was not answered is looked for in lists, and longer than that takes. */
const UNANSWERED_MS = 6_000;
/** Long enough for the longest back-off and cool-down that so few failures can lead to. */
const QUIET_MS = 45 * 60_000;

export interface Outcome {
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/**
 * Plays one seed: faults and people's commands on three agents, then a long quiet, then the judgement.
 *
 * @param relists false: without the periodic list, to show what it is for
 */
export async function simulate(seed: number, relists = true): Promise<Outcome> {
  return new Simulation(seed, relists).play();
}

class Simulation {
  private readonly agents: readonly string[];
  private readonly illness;
  private readonly clock = new FakeClock();
  private readonly random;
  private readonly world;
  private readonly disk = new FakeDisk();
  private readonly referee;
  private readonly shell;
  private readonly newId = countedIds();
  private readonly trace: string[] = [];
  private readonly launchFates = new Map<string, LaunchFate[]>();
  private readonly pending = new Map<string, number>();
  private commands = 0;
  private readonly lastCommand = new Map<string, number>();
  /**
   * What is not on disk a kill undoes: stops that were told to be done but not recorded, and that a start came to nothing.
   */
  private readonly unrecorded = new Set<string>();
  private readonly began: number;
  /** What was seen in a shell since then is not on disk; Infinity: everything is. */
  private notSavedSince = Infinity;
  private isEngineLost = false;
  private lossy = true;
  /** How often `pm2 kill` or `pm2 update` was run: what it meets halfway may go either way. */
  private daemonEnds = 0;
  private updatingUntil = 0;
  private updateSeenAt = 0;
  private endOpenUntil = 0;
  private life: Life;

  constructor(
    seed: number,
    private readonly relists: boolean,
  ) {
    this.agents = seed % 5 === 0 ? MANY : FEW;
    this.random = seededRandom(seed);
    this.world = new FakeWorld(this.clock, seededRandom(seed + 1_000_003));
    this.began = this.clock.now();
    this.world.faults = {
      launch: ({ agentId }) => this.fateOfLaunch(agentId),
      signal: (signal) => this.fateOfSignal(signal),
    };
    this.disk.onLoss = (isLost) => {
      this.lost(isLost);
    };
    this.referee = new Referee(this.world, this.clock, this.agents);
    this.illness = new Illness(this.world, this.clock, (line) => {
      this.say(line);
    });
    this.referee.isUnwell = (process) => this.illness.isForEver(process);
    this.shell = new OperatorShell({
      world: this.world,
      clock: this.clock,
      referee: this.referee,
      draw: (below) => this.drawn(below),
      say: (line) => {
        this.say(line);
      },
    });
    this.world.onDeath = (process, how) => {
      this.say(`${process.agentId} pid ${process.pid} ended (${how})`);
    };
    const judged = this.world.onBirth;
    this.world.onBirth = (process) => {
      this.say(`${process.agentId} pid ${process.pid} begins, run ${process.runId}, by ${process.startedBy}`);
      this.shell.lived.add(process.runId);
      judged(process);
    };
    this.life = this.newLife();
  }

  async play(): Promise<Outcome> {
    this.start();
    await this.clock.advance(500);
    for (let step = 0; step < STEPS; step += 1) {
      this.act();
      await this.clock.advance(this.drawn(LONGEST_PAUSE_MS) * (this.chance(0.5) ? 0.02 : 1));
      if (this.referee.violations.length > 0) break;
    }
    await this.quiet();
    return { violations: this.referee.violations, trace: this.trace };
  }

  private async quiet(): Promise<void> {
    this.say('-- quiet');
    this.lossy = false;
    this.launchFates.clear();
    this.disk.isAway = false;
    this.disk.nextCommit = null;
    this.world.freezeDaemon(false);
    if (!this.life.isAlive) this.start();
    await this.clock.advance(QUIET_MS);
    if (this.agents === MANY) await this.outage();
    for (const agentId of this.agents) {
      this.referee.judge(agentId, this.life.circuits.isTripped(agentId));
      this.say(`${agentId} ${JSON.stringify(this.life.supervisor.situation(agentId))}`);
    }
    this.referee.judgeHistory(this.disk.history, this.life.told);
  }

  private async outage(): Promise<void> {
    for (const agentId of this.agents) this.doing.start(agentId);
    for (const agentId of await this.illness.outage(this.agents))
      this.referee.violations.push(`${agentId}: ended, and many failed by one cause`);
  }

  private start(): void {
    this.life = this.newLife();
    this.say('supervisor begins');
    void this.life.begin();
  }

  private newLife(): Life {
    const { world, disk, clock, random, newId } = this;
    const trace = (line: string) => {
      this.say(line);
    };
    const answers = (pid: number) => this.illness.answers(pid);
    const life = new Life({
      world,
      disk,
      clock,
      random,
      newId,
      agentIds: this.agents,
      trace,
      relists: this.relists,
      answers,
    });
    life.runtime.onEnding = (process) => {
      this.referee.ended(process);
    };
    return life;
  }

  // -- what happens --------------------------------------------------------------------------------------------------

  private act(): void {
    const agentId = this.agents[Math.floor(this.drawn(this.agents.length))] ?? 'a';
    let left = this.drawn(DEEDS.reduce((sum, [weight]) => sum + weight, 0));
    const deed = DEEDS.find(([weight]) => (left -= weight) < 0)?.[1] ?? 'crash';
    this.doing[deed](agentId);
  }

  private readonly doing: Readonly<Record<Deed, (agentId: string) => void>> = {
    crash: (agentId) => this.crash(agentId),
    start: (agentId) => this.command(agentId, 'running', { type: 'start-asked', by: 'operator', mayTrial: true }),
    stop: (agentId) => this.command(agentId, 'stopped', { type: 'stop-asked', by: 'a person', looked: true }),
    restart: (agentId) => {
      const delayMs = this.chance(0.3) ? 3_000 : 0;
      this.command(agentId, 'running', { type: 'restart-asked', reason: 'asked', delayMs });
    },
    reset: (agentId) => this.reset(agentId),
    shell: (agentId) => this.inShell(agentId),
    hang: (agentId) => this.illness.strike(agentId, 'hang'),
    blip: (agentId) => this.illness.strike(agentId, 'blip'),
    'fate of a launch': (agentId) => this.nextLaunch(agentId),
    'supervisor killed': () => this.restartSupervisor(),
    'daemon killed': () => this.killDaemon(),
    'daemon frozen': () => this.freezeDaemon(),
    'daemon ended': () => this.endDaemon(),
    'database away': () => this.databaseAway(),
    'commit in doubt': () => this.loseNextCommit(),
    'time gap': () => this.timeGap(),
    reboot: () => this.reboot(),
  };

  private crash(agentId: string): void {
    const [process] = this.world.aliveOf(agentId);
    if (process === undefined) return;
    this.referee.traceMayBeLost([agentId]);
    this.world.crash(
      process.pid,
      this.chance(0.5) ? { exitCode: 1, signal: null } : { exitCode: 0, signal: 'SIGKILL' },
    );
  }

  private command(agentId: string, meant: DesiredState, event: MachineEvent): void {
    // A start within the moment in which `pm2 update` has no daemon makes two daemons: out of anybody's hands.
    if (!this.life.isAlive || this.clock.now() < this.updatingUntil) return;
    const { life, referee } = this;
    const before = [...referee.allowedOf(agentId)];
    const wasClear = !referee.isRecentInShell(agentId);
    const ends = this.daemonEnds;
    const overlaps = this.waitingFor(agentId) > 0 || referee.isBusyInShell(agentId) || this.shell.isBusy(agentId);
    this.pending.set(agentId, this.waitingFor(agentId) + 1);
    if (event.type !== 'start-asked') referee.askedToEnd(agentId);
    referee.intend(agentId, ['running', 'stopped'], 'api');
    this.say(`${agentId} asked: ${event.type}`);
    const command = ++this.commands;
    this.lastCommand.set(agentId, command);
    const done = (allowed: readonly DesiredState[], how: string) => {
      this.say(`${agentId} ${event.type}: ${how}`);
      const left = this.waitingFor(agentId) - 1;
      this.pending.set(agentId, left);
      // Of commands that overlap nobody can say which came last.
      const isLast = this.lastCommand.get(agentId) === command;
      if (overlaps || !isLast || left > 0 || ends !== this.daemonEnds)
        referee.intend(agentId, ['running', 'stopped'], 'api');
      else referee.intend(agentId, life.isAlive ? allowed : ['running', 'stopped'], 'api');
    };
    life.supervisor.command(agentId, event, meant === 'stopped' ? 'down' : 'up').then(
      ({ recorded }) => {
        done([meant], recorded ? 'done' : 'done, not recorded yet');
        if (!recorded) this.unrecorded.add(agentId);
      },
      (error: unknown) => {
        const asBefore = isProblem(error, 'launch-failed') || isProblem(error, 'database-unavailable');
        this.unrecorded.add(agentId);
        done(asBefore && wasClear && meant === 'running' ? before : ['running', 'stopped'], String(error));
      },
    );
  }

  private reset(agentId: string): void {
    if (!this.life.isAlive) return;
    this.say(`${agentId} asked: reset`);
    this.life.supervisor.command(agentId, { type: 'reset-asked' }, 'up').catch(() => undefined);
  }

  private inShell(agentId: string): void {
    if (this.waitingFor(agentId) > 0 || this.clock.now() < this.updatingUntil) return;
    // While it is open whether an end of the daemon was an update, what appears may be its doing, or a person's.
    const isOpen = this.clock.now() < this.endOpenUntil;
    const isSeen = this.life.supervisor.latest()?.daemon.pid === this.world.daemon?.identity.pid;
    const watched = this.life.isAlive && this.life.runtime.isConnected() && isSeen && !isOpen;
    this.shell.act(agentId, { watched, lossy: this.lossy });
  }

  private nextLaunch(agentId: string): void {
    const fates: LaunchFate[] = [
      'refused',
      'resources',
      'exits-at-once',
      'exits-at-once',
      'answer-lost',
      'request-lost',
    ];
    const fate = fates[Math.floor(this.drawn(fates.length))] ?? 'refused';
    this.say(`${agentId} next launch: ${fate}`);
    this.launchFates.set(agentId, [fate]);
  }

  private restartSupervisor(): void {
    this.referee.traceMayBeLost(this.agents);
    this.referee.traceMayBeLost(this.agents, this.notSavedSince);
    if (this.daemonEnds > 0 && this.notSavedSince < Infinity) {
      // What became of an end of the daemon is not on disk: it may be taken for one that goes on.
      for (const agentId of this.agents)
        if (this.referee.allowedOf(agentId).has('running'))
          this.referee.intend(agentId, ['running', 'stopped'], 'shell');
    }
    // What `pm2 update` had ended and not brought back yet: nobody is left who knows that it was an update.
    if (this.clock.now() < this.updateSeenAt) {
      for (const agentId of this.agents)
        if (this.referee.allowedOf(agentId).has('running'))
          this.referee.intend(agentId, ['running', 'stopped'], 'shell');
    }
    this.say('supervisor is killed');
    this.life.kill();
    // The next one opens its folder anew.
    if (this.isEngineLost) this.lost(false);
    for (const agentId of this.unrecorded)
      if (this.disk.desired.get(agentId) === 'running') this.referee.intend(agentId, ['running', 'stopped'], 'api');
    this.unrecorded.clear();
    this.clock.after(this.drawn(4_000), () => {
      if (!this.life.isAlive) this.start();
    });
  }

  private reboot(): void {
    for (const agentId of this.agents) {
      const phase = this.disk.states.get(agentId)?.phase;
      // Of an order that is not settled yet nobody can say whether it was the machine's own stop already.
      const isOpen = phase?.kind === 'down' && (phase.why === 'daemon-ended' || phase.why === 'operator-acting');
      if (isOpen) this.referee.intend(agentId, ['running', 'stopped'], 'shell');
    }
    this.restartSupervisor();
    this.say('the machine starts anew');
    this.shell.interrupted();
    this.updatingUntil = 0;
    this.disk.boot += 1;
    this.world.reboot();
  }

  private killDaemon(): void {
    // One that is killed before anybody could connect to it leaves orphans that nobody has ever heard of.
    const { daemon } = this.world;
    if (daemon === null || this.clock.now() - daemon.bornAt < SEEN_MS) return;
    if (this.life.isAlive && this.life.supervisor.latest()?.daemon.pid !== daemon.identity.pid) return;
    this.referee.traceMayBeLost(this.agents);
    this.say('daemon is killed');
    this.shell.interrupted();
    this.world.killDaemon();
  }

  private freezeDaemon(): void {
    this.referee.traceMayBeLost(this.agents);
    this.say('daemon is frozen');
    this.world.freezeDaemon(true);
    this.clock.after(this.drawn(15_000), () => {
      this.say('daemon is thawed');
      this.world.freezeDaemon(false);
    });
  }

  private databaseAway(): void {
    this.say('database goes away');
    this.disk.isAway = true;
    this.cannotSave();
    this.clock.after(this.drawn(10_000), () => {
      this.say('database is back');
      this.disk.isAway = false;
      this.canSave();
    });
  }

  private loseNextCommit(): void {
    this.disk.nextCommit = {
      happens: this.chance(0.5),
      // It ends itself at once, or counts as hung only after a while.
      hangMs: this.chance(0.7) ? this.drawn(50) : 10_500,
      reopensMs: 500 + this.drawn(19_500),
    };
    this.say(`the engine will be lost in the next commit: ${JSON.stringify(this.disk.nextCommit)}`);
  }

  private lost(isLost: boolean): void {
    this.say(isLost ? 'the engine is lost in a commit' : 'the engine is open again');
    this.isEngineLost = isLost;
    if (isLost) this.cannotSave();
    else this.canSave();
  }

  private cannotSave(): void {
    // What is in the commit that fails was done before it.
    this.notSavedSince = Math.min(this.notSavedSince, this.clock.now() - COMMIT_MS);
  }

  private canSave(): void {
    this.clock.after(SAVED_MS, () => {
      if (this.disk.isAway || this.isEngineLost) return;
      this.notSavedSince = Infinity;
      // What was done all the same is saved, and what was refused is taken back.
      this.unrecorded.clear();
    });
  }

  private timeGap(): void {
    this.say('nothing runs for a while');
    this.clock.freezeFor(10_000 + this.drawn(90_000));
  }

  private endDaemon(): void {
    if (this.world.daemon?.frozen !== false) return;
    this.daemonEnds += 1;
    this.endOpenUntil = this.clock.now() + END_OPEN_MS;
    const update = this.chance(0.5);
    if (update) {
      this.updatingUntil = this.clock.now() + 1_000;
      this.updateSeenAt = this.clock.now() + 1_000 + SEEN_MS;
    }
    const watched = this.life.isAlive && this.life.runtime.isConnected();
    this.referee.traceMayBeLost(this.agents);
    this.say(update ? 'pm2 update' : 'pm2 kill');
    for (const agentId of this.agents) {
      this.referee.askedToEnd(agentId);
      const before = this.referee.allowedOf(agentId);
      // An orphan of an earlier daemon is not ended with this one.
      const listed = this.world.listed().some((entry) => entry.agentId === agentId && entry.process !== null);
      const isEnded = before.has('running') && listed && this.world.aliveOf(agentId).length === 1;
      if (!update && isEnded && watched && before.size === 1) this.referee.intend(agentId, ['stopped'], 'shell');
      // One that had just died is in nobody's list: whether it was meant to run, the new list does not say.
      else if (before.has('running') && !(update && isEnded))
        this.referee.intend(agentId, ['running', 'stopped'], 'shell');
    }
    this.shell.interrupted();
    this.world.operatorKillsDaemon(update);
  }

  private fateOfLaunch(agentId: string): LaunchFate {
    const fate = this.launchFates.get(agentId)?.shift() ?? 'works';
    if (fate === 'answer-lost') this.shell.unansweredUntil.set(agentId, this.clock.now() + UNANSWERED_MS);
    return fate;
  }

  private fateOfSignal(signal: RuntimeSignal): readonly number[] {
    if (!this.lossy) return [0];
    const draw = this.random();
    if (draw < 0.05) {
      this.referee.traceMayBeLost(this.agents);
      return [];
    }
    // The last word of a daemon comes at once or, with its death, never.
    if (signal.kind === 'daemon-ending') return [0];
    if (draw < 0.1) return [0, this.drawn(3_000)];
    if (draw < 0.25) return [this.drawn(3_000)];
    return [0];
  }

  private waitingFor(agentId: string): number {
    return this.pending.get(agentId) ?? 0;
  }

  private drawn(below: number): number {
    return this.random() * below;
  }

  private chance(probability: number): boolean {
    return this.random() < probability;
  }

  private say(line: string): void {
    this.trace.push(`${((this.clock.now() - this.began) / 1000).toFixed(3)} ${line}`);
  }
}
