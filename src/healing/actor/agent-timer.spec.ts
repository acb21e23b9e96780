import { FakeClock } from '../../../test/support/fake-clock';
import { AgentTimer } from './agent-timer';

function makeTimer(inMs: number | null) {
  const clock = new FakeClock();
  const deadline = { at: inMs === null ? null : clock.now() + inMs };
  const due: number[] = [];
  const timer = new AgentTimer(clock, { at: () => deadline.at, onDue: () => due.push(clock.now()) });
  timer.arm();
  return { clock, deadline, due, timer, began: clock.now() };
}

describe('the timer of an agent', () => {
  it('is due once at its deadline', async () => {
    const { clock, due, began } = makeTimer(100);
    await clock.advance(1_000);
    expect(due).toEqual([began + 100]);
    expect(clock.timerCount).toBe(0);
  });

  it('waits on if an activity has moved the deadline', async () => {
    const { clock, due, deadline, began } = makeTimer(100);
    deadline.at = began + 250;
    await clock.advance(1_000);
    expect(due).toEqual([began + 250]);
  });

  it('is not armed without a deadline, and reports one that is gone', async () => {
    const none = makeTimer(null);
    expect(none.clock.timerCount).toBe(0);
    const { clock, due, deadline } = makeTimer(100);
    deadline.at = null;
    await clock.advance(1_000);
    expect([due.length, clock.timerCount]).toEqual([1, 0]);
  });

  it('is replaced when it is armed again, and does nothing once it is cancelled', async () => {
    const { clock, due, timer } = makeTimer(100);
    timer.arm();
    expect(clock.timerCount).toBe(1);
    timer.cancel();
    await clock.advance(1_000);
    expect(due).toEqual([]);
  });
});
