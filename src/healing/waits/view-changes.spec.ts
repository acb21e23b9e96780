import { Logger } from '@nestjs/common';
import { settled } from '../../../test/support/fake-clock';
import { ViewChanges } from './view-changes';

/** Subscribes a listener that keeps the sets it receives. */
function listen(changes: ViewChanges) {
  const received: string[][] = [];
  const unsubscribe = changes.subscribe((agentIds) => received.push([...agentIds]));
  return { received, unsubscribe };
}

describe('view changes', () => {
  it('are passed on once per turn, each agent once, to every listener', async () => {
    const changes = new ViewChanges();
    const [first, second] = [listen(changes), listen(changes)];
    for (const agentId of ['a', 'b', 'a']) changes.note(agentId);
    expect(first.received).toEqual([]);
    await settled();
    changes.note('a');
    await settled();
    expect([first.received, second.received]).toEqual(Array(2).fill([['a', 'b'], ['a']]));
  });

  it('that are noted by a listener are passed on in the next turn, not lost', async () => {
    const changes = new ViewChanges();
    const { received } = listen(changes);
    const unsubscribe = changes.subscribe((agentIds) => {
      if (agentIds.has('a')) changes.note('b');
    });
    changes.note('a');
    await settled();
    expect(received).toEqual([['a']]);
    await settled();
    expect(received).toEqual([['a'], ['b']]);
    unsubscribe();
  });

  it('reach the other listeners if one throws, and the fault is logged', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const changes = new ViewChanges();
    changes.subscribe(() => {
      throw new Error('fault');
    });
    const { received } = listen(changes);
    changes.note('a');
    await settled();
    changes.note('a');
    await settled();
    expect([received, warn.mock.calls.length]).toEqual([[['a'], ['a']], 2]);
    warn.mockRestore();
  });

  it('schedule nothing without a listener, and are forgotten with the last one', async () => {
    const changes = new ViewChanges();
    const schedule = jest.spyOn(globalThis, 'setImmediate');
    changes.note('a');
    expect(schedule).not.toHaveBeenCalled();
    schedule.mockRestore();
    const { received, unsubscribe } = listen(changes);
    changes.note('a');
    unsubscribe();
    const later = listen(changes);
    await settled();
    expect([received, later.received]).toEqual([[], []]);
  });
});
