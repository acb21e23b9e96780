import { FakeClock } from '../../test/support/fake-clock';
import type { InstanceIdentity, WriteQueue } from '../persistence';
import type { Answer } from './failure';
import { Ownership, ownerStep, type OwnerStep } from './ownership';
import type { Owner, SupabaseProject, Writer } from './supabase-project';

const ME = { instance: 'one', writer: 'w1' };
const OTHER = { instance: 'two', writer: 'w2' };

describe('ownerStep', () => {
  it.each<[string, Writer | null, string | null, OwnerStep]>([
    ['no writer', null, null, 'claim'],
    ['this writer', ME, null, 'mine'],
    ['this writer under another name', { instance: 'before', writer: 'w1' }, null, 'take-over'],
    ['another writer', OTHER, null, 'other'],
    ['a writer with the same name in another folder', { instance: 'one', writer: 'w2' }, null, 'other'],
    ['the writer to succeed', OTHER, 'two', 'take-over'],
    ['the writer to succeed, with the same name', { instance: 'one', writer: 'w2' }, 'one', 'take-over'],
    ['neither this writer nor the one to succeed', { instance: 'three', writer: 'w3' }, 'two', 'other'],
  ])('decides what to do if %s owns the project', (_, owner, successorOf, step) => {
    expect(ownerStep(owner, ME, successorOf)).toBe(step);
  });
});

const LOST = { kind: 'away', error: 'no answer' } as const;

const keyOf = (owner: Owner | null) => owner && `${owner.instance} ${owner.writer} ${owner.epoch}`;

/** A project that stores its owner as Supabase does, and records the requests. */
class FakeProject implements Pick<SupabaseProject, 'owner' | 'claim' | 'takeOver' | 'writeIn'> {
  readonly requests: string[] = [];
  /** Epochs in which this instance was allowed to write. */
  readonly epochs: number[] = [];
  /** Fault of the next change of the owner; null: it succeeds. */
  fault: 'request-lost' | 'answer-lost' | 'overtaken' | null = null;

  constructor(public stored: Owner | null) {}

  owner(): Promise<Answer<Owner | null>> {
    this.requests.push('owner');
    return Promise.resolve({ kind: 'done', value: this.stored });
  }

  claim(owner: Owner): Promise<Answer<boolean>> {
    return this.change('claim', null, owner);
  }

  takeOver(from: Owner, owner: Owner): Promise<Answer<boolean>> {
    return this.change('takeOver', from, owner);
  }

  writeIn(epoch: number): void {
    this.epochs.push(epoch);
  }

  private change(request: string, from: Owner | null, to: Owner): Promise<Answer<boolean>> {
    this.requests.push(request);
    const { fault } = this;
    this.fault = null;
    if (fault === 'request-lost') return Promise.resolve(LOST);
    if (fault === 'overtaken') this.stored = { ...OTHER, epoch: 9 };
    const isDone = keyOf(this.stored) === keyOf(from);
    if (isDone) this.stored = to;
    return Promise.resolve(fault === 'answer-lost' ? LOST : { kind: 'done', value: isDone });
  }
}

function makeOwnership(stored: Owner | null, successorOf: string | null = null) {
  const clock = new FakeClock();
  const project = new FakeProject(stored);
  const identity = {
    ...{ id: ME.instance, writer: ME.writer, successorOf },
    endSuccession: () => {
      identity.successorOf = null;
      return Promise.resolve();
    },
  };
  const queue = { submit: (work: (tx: null) => Promise<void>) => work(null) };
  const ownership = new Ownership(
    project as unknown as SupabaseProject,
    identity as unknown as InstanceIdentity,
    queue as unknown as WriteQueue,
    clock,
  );
  return { clock, project, identity, ownership };
}

describe('the owner of a project', () => {
  it('is checked again only after ten seconds', async () => {
    const { clock, project, ownership } = makeOwnership(null);
    await ownership.ensure();
    await clock.advance(9_999);
    await ownership.ensure();
    expect([project.requests, project.stored]).toEqual([['owner', 'claim'], { ...ME, epoch: 1 }]);
    await clock.advance(1);
    await ownership.ensure();
    expect([project.requests, project.epochs]).toEqual([['owner', 'claim', 'owner'], [1]]);
  });

  it('writes in a later epoch after each distrust', async () => {
    const { project, ownership } = makeOwnership({ ...ME, epoch: 4 });
    await ownership.ensure();
    ownership.distrust();
    await ownership.ensure();
    expect(project.epochs).toEqual([5, 6]);
  });

  it.each(['request-lost', 'answer-lost'] as const)('does not try an epoch twice (%s)', async (fault) => {
    const { project, ownership } = makeOwnership(null);
    project.fault = fault;
    await expect(ownership.ensure()).rejects.toMatchObject({ failure: { kind: 'away' } });
    expect(project.epochs).toEqual([]);
    await ownership.ensure();
    expect([project.epochs, project.stored?.epoch]).toEqual([[2], 2]);
  });

  it.each([null, { ...ME, epoch: 4 }])('is another instance if that one was faster (before: %j)', async (stored) => {
    const { project, ownership } = makeOwnership(stored);
    project.fault = 'overtaken';
    await expect(ownership.ensure()).rejects.toThrow('belongs to the instance two');
    expect(project.epochs).toEqual([]);
  });

  it('is succeeded once: its instance may not be succeeded again without another restore', async () => {
    const { clock, project, identity, ownership } = makeOwnership({ ...OTHER, epoch: 4 }, 'two');
    await ownership.ensure();
    expect([project.stored, identity.successorOf]).toEqual([{ ...ME, epoch: 5 }, null]);
    project.stored = { ...OTHER, epoch: 6 };
    await clock.advance(10_000);
    await expect(ownership.ensure()).rejects.toThrow('belongs to the instance two');
  });
});
