import type { FakeDisk } from '../service/fake-disk';
import type { SimulationContext } from '../simulation-context';

/** From a command in a shell until its save is under way. */
const COMMIT_MS = 500;
/** Time in which everything that waited is saved. */
const SAVED_MS = 2_000;
const POLL_MS = 500;

type Context = Pick<SimulationContext, 'clock' | 'activeTime' | 'draw' | 'say'>;

/** Makes the database fail, and knows what is not on disk because of it. */
export class DatabaseFaults {
  /** Shell commands since this active time may not be on disk. Infinity: everything is. */
  notSavedSince = Infinity;
  /**
   * Agents with an operation whose outcome may not be on disk: a stop that was answered as done but not recorded, or an
   * order that was refused. If the service dies now, the disk decides.
   */
  readonly unrecorded = new Set<string>();
  private isEngineLost = false;
  /** Number of failures so far. */
  private failures = 0;

  constructor(
    private readonly context: Context,
    private readonly disk: FakeDisk,
  ) {
    disk.onLoss = (isLost) => {
      this.onLoss(isLost);
    };
    disk.onFailure = () => {
      this.noteFailure();
      this.expectSaves();
    };
  }

  goAway(): void {
    const { clock, draw, say } = this.context;
    say('the database goes away');
    this.disk.isAway = true;
    this.noteFailure();
    clock.after(draw(10_000), () => {
      say('the database is back');
      this.disk.isAway = false;
      this.expectSaves();
    });
  }

  /** Crashes the engine in the next commit. Whether the commit happened is unknown until the engine is open again. */
  loseNextCommit(): void {
    const { draw, say } = this.context;
    this.disk.nextCommit = {
      happens: draw(1) < 0.5,
      // The engine exits at once, or counts as hung only after a while.
      hangMs: draw(1) < 0.7 ? draw(50) : 10_500,
      reopensMs: 500 + draw(19_500),
    };
    say(`the database engine will crash in the next commit: ${JSON.stringify(this.disk.nextCommit)}`);
  }

  refuseCommits(): void {
    const { draw, say } = this.context;
    this.disk.refusals = 1 + Math.floor(draw(3));
    say(`the next ${this.disk.refusals} commits are refused`);
  }

  /** Makes writes about one agent fail. Other writes of the same group succeed. */
  failWrites(agentId: string): void {
    const { draw, say } = this.context;
    this.disk.failing = { agentId, left: 1 + Math.floor(draw(4)), isItsFault: draw(1) < 0.3 };
    say(`the next writes about one agent fail: ${JSON.stringify(this.disk.failing)}`);
  }

  /** Opens a lost engine: the next process of the service opens its data folder again. */
  reopen(): void {
    if (this.isEngineLost) this.onLoss(false);
  }

  /** Lets everything succeed from now on. */
  end(): void {
    this.disk.isAway = false;
    this.disk.nextCommit = null;
    this.disk.refusals = 0;
    this.disk.failing = null;
  }

  private onLoss(isLost: boolean): void {
    this.context.say(isLost ? 'the database engine crashes in a commit' : 'the database engine is open again');
    this.isEngineLost = isLost;
    if (isLost) this.noteFailure();
    else this.expectSaves();
  }

  private noteFailure(): void {
    // The changes in the failing commit happened before it.
    this.notSavedSince = Math.min(this.notSavedSince, this.context.activeTime.now() - COMMIT_MS);
    this.failures += 1;
  }

  /** Assumes that everything is on disk once the database has worked for {@link SAVED_MS}. */
  private expectSaves(): void {
    const { clock, activeTime } = this.context;
    const { failures } = this;
    const since = activeTime.now();
    const look = () => {
      if (this.disk.isAway || this.isEngineLost || failures !== this.failures) return;
      const leftMs = SAVED_MS - (activeTime.now() - since);
      if (leftMs > 0) {
        clock.after(Math.max(leftMs, POLL_MS), look);
        return;
      }
      this.notSavedSince = Infinity;
      // Changes that acted without a save are saved now, and refused ones are undone.
      this.unrecorded.clear();
    };
    clock.after(SAVED_MS, look);
  }
}
