import { ownerStep, type OwnerStep } from './ownership';

const ME = { instance: 'one', writer: 'w1' };

describe('ownerStep', () => {
  it.each<[string, { instance: string; writer: string } | null, string | null, OwnerStep]>([
    ['nobody', null, null, 'claim'],
    ['us', ME, null, 'mine'],
    ['us under another name', { instance: 'before', writer: 'w1' }, null, 'take-over'],
    ['another one', { instance: 'two', writer: 'w2' }, null, 'other'],
    ['one of our name in another folder', { instance: 'one', writer: 'w2' }, null, 'other'],
    ['the one whose place we are to take', { instance: 'two', writer: 'w2' }, 'two', 'take-over'],
    ['the one of our name whose place we are to take', { instance: 'one', writer: 'w2' }, 'one', 'take-over'],
    ['neither us nor that one', { instance: 'three', writer: 'w3' }, 'two', 'other'],
  ])('where %s writes there', (_, found, successorOf, step) => {
    expect(ownerStep(found, ME, successorOf)).toBe(step);
  });
});
