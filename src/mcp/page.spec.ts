import * as fc from 'fast-check';
import { bytesOf, fitFirst, fitLast } from './page';

const items = fc.array(fc.string({ unit: 'grapheme', maxLength: 30 }), { maxLength: 30 });
const most = fc.integer({ min: 0, max: 400 });

describe('a page', () => {
  it('from the beginning fits, and misses nothing that would fit', () => {
    fc.assert(
      fc.property(items, most, (all, room) => {
        const page = fitFirst(all, room);
        expect(page.items).toEqual(all.slice(0, page.items.length));
        expect(page.truncated).toBe(page.items.length < all.length);
        if (page.items.length > 0) expect(bytesOf(page.items)).toBeLessThanOrEqual(room + 1);
        const next = all[page.items.length];
        if (next !== undefined) expect(bytesOf([...page.items, next])).toBeGreaterThan(room);
      }),
    );
  });

  it('from the end equals a page of the reversed list', () => {
    fc.assert(
      fc.property(items, most, (all, room) => {
        const { items: last, truncated } = fitLast(all, room);
        const first = fitFirst([...all].reverse(), room);
        expect([[...last].reverse(), truncated]).toEqual([first.items, first.truncated]);
      }),
    );
  });

  it('is measured in bytes, not in characters', () => {
    expect(bytesOf('é')).toBe(4);
    expect(fitFirst(['éé', 'éé'], 7)).toEqual({ items: ['éé'], truncated: true });
  });
});
