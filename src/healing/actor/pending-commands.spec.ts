import { Problem } from '../../kernel';
import { CommandOrder } from './pending-commands';
import type { MachineEvent } from '../machine';

const start: MachineEvent = { type: 'start-asked', by: 'operator', mayTrial: true };
const restart: MachineEvent = { type: 'restart-asked', reason: 'asked', delayMs: 0 };
const stop: MachineEvent = { type: 'stop-asked', by: 'operator', hasFreshSnapshot: true };
const stopAgain: MachineEvent = { type: 'stop-asked', by: 'another operator', hasFreshSnapshot: true };
const reset: MachineEvent = { type: 'reset-asked' };
const recovery: MachineEvent = { type: 'recovery-asked', reason: 'asked' };

type Step = readonly ['asks' | 'is ready', MachineEvent];

/** Plays commands that are requested and become ready in some order. @returns the outcome of each that was ready */
function play(steps: readonly Step[]): string[] {
  const turns = new CommandOrder();
  const taken = new Map<MachineEvent, ReturnType<CommandOrder['take']>>();
  return steps.flatMap(([step, event]) => {
    if (step === 'asks') {
      taken.set(event, turns.take(event));
      return [];
    }
    try {
      taken.get(event)?.claim();
      return [`${event.type} goes`];
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'operation-in-progress') throw error;
      return [`${event.type} was overtaken by a ${/later (\w+)/.exec(error.detail)?.[1] ?? '?'}`];
    }
  });
}

const asks = (event: MachineEvent): Step => ['asks', event];
const isReady = (event: MachineEvent): Step => ['is ready', event];

describe('commands that wait before they enter the mailbox', () => {
  it.each<[string, Step[], string[]]>([
    ['one alone goes', [asks(start), isReady(start)], ['start-asked goes']],
    [
      'in their order both go, and the mailbox decides',
      [asks(start), isReady(start), asks(stop), isReady(stop), asks(restart), isReady(restart)],
      ['start-asked goes', 'stop-asked goes', 'restart-asked goes'],
    ],
    [
      'a stop wins over an earlier start from the moment in which it is asked',
      [asks(start), asks(stop), isReady(start), isReady(stop)],
      ['start-asked was overtaken by a stop', 'stop-asked goes'],
    ],
    [
      'and over an earlier restart, also once it went itself',
      [asks(restart), asks(stop), isReady(stop), isReady(restart)],
      ['stop-asked goes', 'restart-asked was overtaken by a stop'],
    ],
    [
      'a later start does not take back an earlier stop by only being asked',
      [asks(stop), asks(start), isReady(stop), isReady(start)],
      ['stop-asked goes', 'start-asked goes'],
    ],
    [
      'but once it is ready',
      [asks(stop), asks(start), isReady(start), isReady(stop)],
      ['start-asked goes', 'stop-asked was overtaken by a start'],
    ],
    [
      'and so does a later restart',
      [asks(stop), asks(restart), isReady(restart), isReady(stop)],
      ['restart-asked goes', 'stop-asked was overtaken by a start'],
    ],
    [
      'a start between two stops is overtaken, and neither stop is',
      [asks(stop), asks(start), asks(stopAgain), isReady(start), isReady(stop)],
      ['start-asked was overtaken by a stop', 'stop-asked goes'],
    ],
    [
      'an earlier start that went does not overtake a later stop',
      [asks(start), asks(stop), isReady(stop), asks(restart), isReady(restart)],
      ['stop-asked goes', 'restart-asked goes'],
    ],
    [
      'two starts do not overtake each other, the mailbox joins them',
      [asks(start), asks(restart), isReady(restart), isReady(start)],
      ['restart-asked goes', 'start-asked goes'],
    ],
    [
      'a start that went late does not make an earlier one count as later',
      [asks(start), asks(stop), asks(restart), isReady(restart), isReady(stop), isReady(start)],
      ['restart-asked goes', 'stop-asked was overtaken by a start', 'start-asked was overtaken by a stop'],
    ],
    [
      'two stops do not overtake each other either',
      [asks(stop), asks(stopAgain), isReady(stopAgain), isReady(stop)],
      ['stop-asked goes', 'stop-asked goes'],
    ],
    [
      'a recovery does not supersede an earlier stop: the operator did not start the agent',
      [asks(stop), asks(recovery), isReady(recovery), isReady(stop)],
      ['recovery-asked goes', 'stop-asked goes'],
    ],
    [
      'a reset neither overtakes nor is overtaken',
      [asks(stop), asks(reset), asks(start), isReady(reset), isReady(stop), isReady(start)],
      ['reset-asked goes', 'stop-asked goes', 'start-asked goes'],
    ],
  ])('%s', (_what, steps, outcomes) => {
    expect(play(steps)).toEqual(outcomes);
  });
});
