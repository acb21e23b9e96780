import { Problem } from '../kernel';
import type { MachineEvent } from './machine';

/** A command's place among those of its agent. */
export interface CommandTurn {
  /** It is about to be given to the mailbox. @throws Problem `operation-in-progress` where a later one overtook it */
  claim(): void;
}

/**
 * Commands wait for something before they reach the mailbox, and the later one may be ready first. A stop wins over an
 * earlier start from the moment in which it is asked; a start over an earlier stop once it is ready itself.
 */
export class CommandTurns {
  private taken = 0;
  private lastStop = 0;
  private lastStart = 0;

  take(event: MachineEvent): CommandTurn {
    const turn = ++this.taken;
    const isStop = event.type === 'stop-asked';
    const isStart = event.type === 'start-asked' || event.type === 'restart-asked';
    if (isStop) this.lastStop = turn;
    return {
      claim: () => {
        if (isStop && this.lastStart > turn) throw overtaken('start', 'Stop it again if it should not run.');
        if (isStart && this.lastStop > turn) throw overtaken('stop', 'Start it again if it should run.');
        if (isStart) this.lastStart = Math.max(this.lastStart, turn);
      },
    };
  }
}

function overtaken(by: string, advice: string): Problem {
  return new Problem('operation-in-progress', `A later ${by} overtook it. ${advice}`);
}
