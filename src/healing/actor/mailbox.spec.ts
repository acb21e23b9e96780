import { settled } from '../../../test/support/fake-clock';
import { Mailbox } from './mailbox';

/** Makes a mailbox whose handler completes when the test lets it. */
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
  it('handles one message at a time, in order of arrival', async () => {
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

  it('handles the first message at once', () => {
    const { mailbox, begun } = makeMailbox();
    mailbox.post('a');
    expect(begun).toEqual(['a']);
  });

  it('counts the messages behind the one that is being handled', async () => {
    const { mailbox, next } = makeMailbox();
    expect(mailbox.waitingCount).toBe(0);
    mailbox.post('a');
    mailbox.post('b');
    expect(mailbox.waitingCount).toBe(1);
    await next();
    expect(mailbox.waitingCount).toBe(0);
    await next();
    expect(mailbox.waitingCount).toBe(0);
  });

  it('reports a handler that rejects, and handles the next message', async () => {
    const { mailbox, begun, failed, next } = makeMailbox();
    mailbox.post('a');
    mailbox.post('b');
    await next('reject');
    expect([begun, failed]).toEqual([['a', 'b'], [new Error('broken')]]);
    await next();
    mailbox.post('c');
    expect(begun).toEqual(['a', 'b', 'c']);
  });

  it('reports a handler that throws before it awaits', async () => {
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

  it('handles a message that a handler posts after the waiting ones', async () => {
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

  it('handles a message that arrives just as it runs empty', async () => {
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
