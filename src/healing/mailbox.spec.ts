import { settled } from '../../test/support/fake-clock';
import { Mailbox } from './mailbox';

/** A mailbox whose messages are handled when the test lets them be. */
function makeMailbox() {
  const begun: string[] = [];
  const failed: unknown[] = [];
  const open: { resolve: () => void; reject: (error: unknown) => void }[] = [];
  const mailbox = new Mailbox<string>(
    (message) => {
      begun.push(message);
      return new Promise((resolve, reject) => open.push({ resolve, reject }));
    },
    (error) => failed.push(error),
  );
  const next = async (end: 'resolve' | 'reject' = 'resolve') => {
    const first = open.shift();
    if (end === 'resolve') first?.resolve();
    else first?.reject(new Error('broken'));
    await settled();
  };
  return { mailbox, begun, failed, next };
}

describe('a mailbox', () => {
  it('takes one message at a time, in the order in which they came', async () => {
    const { mailbox, begun, next } = makeMailbox();
    for (const message of ['a', 'b', 'c']) mailbox.post(message);
    await settled();
    expect(begun).toEqual(['a']);
    await next();
    expect(begun).toEqual(['a', 'b']);
    await next();
    await next();
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('begins with the first at once, so that nothing can come before it', () => {
    const { mailbox, begun } = makeMailbox();
    mailbox.post('a');
    expect(begun).toEqual(['a']);
  });

  it('counts the one in hand and those that wait', async () => {
    const { mailbox, next } = makeMailbox();
    expect(mailbox.size).toBe(0);
    mailbox.post('a');
    mailbox.post('b');
    expect(mailbox.size).toBe(2);
    await next();
    expect(mailbox.size).toBe(1);
    await next();
    expect(mailbox.size).toBe(0);
  });

  it('reports a handler that fails, and takes the next message all the same', async () => {
    const { mailbox, begun, failed, next } = makeMailbox();
    mailbox.post('a');
    mailbox.post('b');
    await next('reject');
    expect([begun, failed]).toEqual([['a', 'b'], [new Error('broken')]]);
    await next();
    mailbox.post('c');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('reports a handler that throws before it awaits anything, too', async () => {
    const failed: unknown[] = [];
    const handled: string[] = [];
    const mailbox = new Mailbox<string>(
      (message) => {
        handled.push(message);
        if (message === 'a') throw new Error('broken');
        return Promise.resolve();
      },
      (error) => failed.push(error),
    );
    mailbox.post('a');
    mailbox.post('b');
    await settled();
    expect([handled, failed]).toEqual([['a', 'b'], [new Error('broken')]]);
  });

  it('takes what a handler posts itself after what waits already', async () => {
    const handled: string[] = [];
    const mailbox: Mailbox<string> = new Mailbox<string>(
      async (message) => {
        await settled();
        handled.push(message);
        if (message === 'a') mailbox.post('from a');
      },
      () => undefined,
    );
    mailbox.post('a');
    mailbox.post('b');
    for (let turn = 0; turn < 4; turn += 1) await settled();
    expect(handled).toEqual(['a', 'b', 'from a']);
  });

  it('takes what comes in the very moment in which it ran empty', async () => {
    const { mailbox, begun, next } = makeMailbox();
    mailbox.post('a');
    const finished = next();
    await Promise.resolve();
    mailbox.post('b');
    await finished;
    await settled();
    expect(begun).toEqual(['a', 'b']);
  });
});
