import { settled } from '../../test/support/fake-clock';
import type { RuntimeReader, RuntimeSnapshot } from '../runtime';
import { Relister } from './relister';

/** A reader whose lists come when the test lets them. */
class FakeReader implements RuntimeReader {
  readonly asked: boolean[] = [];
  private readonly open: ((outcome: RuntimeSnapshot | Error) => void)[] = [];

  snapshot(scan: boolean): Promise<RuntimeSnapshot> {
    this.asked.push(scan);
    return new Promise((resolve, reject) => {
      this.open.push((outcome) => {
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  async answer(outcome: RuntimeSnapshot | Error = snapshot(this.asked.length)): Promise<void> {
    this.open.shift()?.(outcome);
    await settled();
  }

  isConnected(): boolean {
    return true;
  }

  isAlive(): boolean {
    return true;
  }
}

const snapshot = (beganAt: number): RuntimeSnapshot => ({
  ...{ beganAt, listed: [], unlisted: [] },
  daemon: { pid: 99, startTime: 1, version: '7.0.4' },
});

function makeRelister(onSeen: (relister: Relister) => void = () => undefined) {
  const reader = new FakeReader();
  const seen: string[] = [];
  const failed: unknown[] = [];
  const relister: Relister = new Relister(
    reader,
    ({ beganAt }, scanned) => {
      seen.push(`${beganAt}${scanned ? ' scanned' : ''}`);
      onSeen(relister);
    },
    (error) => failed.push(error),
  );
  const resolved: string[] = [];
  const request = (name: string, scan = false) => {
    void relister.request(scan).then(() => resolved.push(name));
  };
  return { reader, relister, seen, failed, resolved, request };
}

describe('a wish for a list', () => {
  it('is fulfilled once it was taken and told', async () => {
    const { reader, seen, resolved, request } = makeRelister();
    request('a');
    await settled();
    expect([reader.asked, resolved]).toEqual([[false], []]);
    await reader.answer();
    expect([seen, resolved]).toEqual([['1'], ['a']]);
  });

  it('in the same breath as others shares one list with them', async () => {
    const { reader, resolved, request } = makeRelister();
    for (const name of ['a', 'b', 'c']) request(name);
    await settled();
    await reader.answer();
    expect([reader.asked, resolved]).toEqual([[false], ['a', 'b', 'c']]);
  });

  it('while a list is under way is served by the next one, which many share', async () => {
    const { reader, seen, resolved, request } = makeRelister();
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

  it('to look through the whole machine is shared too, and is over with that list', async () => {
    const { reader, seen, request } = makeRelister();
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

  it('in the very moment in which a list was told is served by another one', async () => {
    let isFirst = true;
    const { reader, request } = makeRelister((relister) => {
      if (isFirst) void relister.request(false);
      isFirst = false;
    });
    request('a');
    await settled();
    await reader.answer();
    expect(reader.asked).toHaveLength(2);
  });

  it('a moment after a list was told is served by another one, too', async () => {
    let isFirst = true;
    const { reader, request } = makeRelister((relister) => {
      if (isFirst) void Promise.resolve().then(() => relister.request(false));
      isFirst = false;
    });
    request('a');
    await settled();
    await reader.answer();
    expect(reader.asked).toHaveLength(2);
  });
});

describe('a list that cannot be had', () => {
  it('is reported, and those who wait wait no longer', async () => {
    const { reader, seen, failed, resolved, request } = makeRelister();
    request('a');
    await settled();
    await reader.answer(new Error('away'));
    expect([seen, failed, resolved]).toEqual([[], [new Error('away')], ['a']]);
  });

  it('does not keep the next one from being taken', async () => {
    const { reader, seen, request } = makeRelister();
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

describe('stop', () => {
  it('ends it: what is under way is told to nobody, and nothing more is taken', async () => {
    const { reader, relister, seen, resolved, request } = makeRelister();
    request('a');
    await settled();
    request('b');
    relister.stop();
    request('c');
    await reader.answer();
    expect([reader.asked, seen]).toEqual([[false], []]);
    expect(resolved).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  });
});
