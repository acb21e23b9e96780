import { settled } from '../../../test/support/fake-clock';
import { makeScheduler } from '../../../test/support/snapshot-requests';

describe('a snapshot that fails', () => {
  it('is reported, and releases its callers', async () => {
    const { reader, seen, failed, resolved, request } = makeScheduler();
    request('a');
    await settled();
    await reader.answer(new Error('away'));
    expect([seen, failed, resolved]).toEqual([[], [new Error('away')], ['a']]);
  });

  it('does not block the next one', async () => {
    const { reader, seen, request } = makeScheduler();
    request('a');
    await settled();
    request('b');
    await reader.answer(new Error('away'));
    await reader.answer();
    request('c');
    await settled();
    await reader.answer();
    expect(seen).toEqual(['2', '3']);
  });
});

describe('a full scan that fails', () => {
  it('is repeated with the next snapshot, once', async () => {
    const { reader, seen, request } = makeScheduler();
    request('a', true);
    await settled();
    await reader.answer(new Error('away'));
    for (const name of ['b', 'c', 'd']) {
      request(name);
      await settled();
      await reader.answer(name === 'b' ? new Error('still away') : undefined);
    }
    expect([reader.asked, seen]).toEqual([
      [true, true, true, false],
      ['3 scanned', '4'],
    ]);
  });
});
