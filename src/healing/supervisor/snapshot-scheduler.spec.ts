import { settled } from '../../../test/support/fake-clock';
import { makeScheduler } from '../../../test/support/snapshot-requests';

describe('a snapshot request', () => {
  it('resolves once its snapshot was taken and handed on', async () => {
    const { reader, seen, resolved, request } = makeScheduler();
    request('a');
    await settled();
    expect([reader.asked, resolved]).toEqual([[false], []]);
    await reader.answer();
    expect([seen, resolved]).toEqual([['1'], ['a']]);
  });

  it('shares one snapshot with requests of the same tick', async () => {
    const { reader, resolved, request } = makeScheduler();
    for (const name of ['a', 'b', 'c']) request(name);
    await settled();
    await reader.answer();
    expect([reader.asked, resolved]).toEqual([[false], ['a', 'b', 'c']]);
  });

  it('made during a snapshot shares the next one', async () => {
    const { reader, seen, resolved, request } = makeScheduler();
    request('a');
    await settled();
    for (const name of ['b', 'c', 'd']) request(name);
    await settled();
    expect(reader.asked).toHaveLength(1);
    await reader.answer();
    expect(reader.asked).toHaveLength(2);
    expect(resolved).not.toContain('b');
    await reader.answer();
    expect(reader.asked).toHaveLength(2);
    expect(seen).toEqual(['1', '2']);
    expect(resolved).toEqual(expect.arrayContaining(['a', 'b', 'c', 'd']));
  });

  it('for a full scan is shared too, and applies to that snapshot only', async () => {
    const { reader, seen, request } = makeScheduler();
    request('a');
    request('b', true);
    request('c');
    await settled();
    request('d');
    await reader.answer();
    await reader.answer();
    expect([reader.asked, seen]).toEqual([
      [true, false],
      ['1 scanned', '2'],
    ]);
  });

  it('made just as a snapshot is handed on gets another one', async () => {
    let isFirst = true;
    const { reader, request } = makeScheduler((snapshots) => {
      if (isFirst) void snapshots.request(false);
      isFirst = false;
    });
    request('a');
    await settled();
    await reader.answer();
    expect(reader.asked).toHaveLength(2);
  });

  it('made just after a snapshot was handed on gets another one', async () => {
    let isFirst = true;
    const { reader, request } = makeScheduler((snapshots) => {
      if (isFirst) void Promise.resolve().then(() => snapshots.request(false));
      isFirst = false;
    });
    request('a');
    await settled();
    await reader.answer();
    expect(reader.asked).toHaveLength(2);
  });
});

describe('continuous requests', () => {
  it('are each answered by the first snapshot that began after them', async () => {
    const { reader, seen, resolved, request } = makeScheduler();
    request('0');
    await settled();
    for (let round = 1; round <= 5; round += 1) {
      request(`${round}`);
      await reader.answer();
      expect(resolved).toEqual(Array.from({ length: round }, (_, index) => `${index}`));
    }
    expect([seen, reader.asked.length]).toEqual([['1', '2', '3', '4', '5'].map((_, index) => `${index + 1}`), 6]);
  });

  it('are answered if that snapshot fails', async () => {
    const { reader, failed, resolved, request } = makeScheduler();
    request('a');
    await settled();
    request('b');
    await reader.answer(new Error('away'));
    expect([resolved, failed]).toEqual([['a'], [new Error('away')]]);
    request('c');
    await reader.answer(new Error('away'));
    expect(resolved).toEqual(['a', 'b']);
  });
});

describe('stop', () => {
  it('hands on no snapshot in progress, and takes no more', async () => {
    const { reader, snapshots, seen, resolved, request } = makeScheduler();
    request('a');
    await settled();
    request('b');
    snapshots.stop();
    request('c');
    await reader.answer();
    expect([reader.asked, seen]).toEqual([[false], []]);
    expect(resolved).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  });

  it('releases waiting callers even if PM2 never answers', async () => {
    const { snapshots, resolved, request } = makeScheduler();
    request('under way');
    await settled();
    request('waiting');
    snapshots.stop();
    await settled();
    expect(resolved).toEqual(['under way', 'waiting']);
  });
});
