import { EVENT_TYPES } from '../events';
import { AGENT_STATUSES } from '../kernel';
import { AgentQueryDto, BulkDto, EventQueryDto, LimitQueryDto, RestartDto } from './schemas';

interface Readable {
  readonly schema: { safeParse(value: unknown): { success: boolean; data?: unknown } };
}

const accepts = ({ schema }: Readable, value: unknown) => schema.safeParse(value).success;
const read = ({ schema }: Readable, value: unknown) => schema.safeParse(value).data;

describe('the query of events', () => {
  it('has a limit of 100, and is about everything, unless told', () => {
    expect(read(EventQueryDto, {})).toEqual({ limit: 100 });
  });

  it('is read from text', () => {
    const query = { agentId: 'a', type: 'agent.exited', after: '0', limit: '1000' };
    expect(read(EventQueryDto, query)).toEqual({ agentId: 'a', type: 'agent.exited', after: 0, limit: 1000 });
  });

  it.each(EVENT_TYPES)('may be about %s', (type) => {
    expect(accepts(EventQueryDto, { type })).toBe(true);
  });

  it.each([
    { agentId: 'A' },
    { agentId: '' },
    { agentId: ['a', 'b'] },
    { type: 'agent.born' },
    { type: ['agent.exited', 'agent.spawned'] },
    { after: '-1' },
    { after: '1.5' },
    { after: 'last' },
    { after: '9007199254740993' },
    { after: ['1', '2'] },
    { limit: '0' },
    { limit: '1001' },
    { limit: '1.5' },
    { limit: '' },
    { limit: 'all' },
    { before: '5' },
  ])('is refused: %j', (query) => {
    expect(accepts(EventQueryDto, query)).toBe(false);
  });
});

describe('a limit', () => {
  it.each([
    [{}, 100],
    [{ limit: '1' }, 1],
    [{ limit: '1000' }, 1000],
  ])('of %j is %i', (query, limit) => {
    expect(read(LimitQueryDto, query)).toEqual({ limit });
  });

  it.each([{ limit: '0' }, { limit: '1001' }, { limit: '-1' }, { offset: '5' }])('may not be %j', (query) => {
    expect(accepts(LimitQueryDto, query)).toBe(false);
  });
});

describe('the query of agents', () => {
  it.each(AGENT_STATUSES)('may be about those that are %s', (status) => {
    expect(read(AgentQueryDto, { status, tag: 'x', capability: 'a.b' })).toEqual({
      status,
      tag: 'x',
      capability: 'a.b',
    });
  });

  it.each([{ status: 'dead' }, { tag: ['a', 'b'] }, { capability: 'x'.repeat(129) }, { name: 'a' }])(
    'is refused: %j',
    (query) => {
      expect(accepts(AgentQueryDto, query)).toBe(false);
    },
  );
});

describe('a restart that is asked for', () => {
  it.each([{}, { reason: 'new model' }, { delaySeconds: 0 }, { delaySeconds: 0.5, reason: 'x' }])(
    'may say %j',
    (body) => {
      expect(read(RestartDto, body)).toEqual(body);
    },
  );

  it.each([
    { reason: '' },
    { reason: 'x'.repeat(501) },
    { reason: 5 },
    { delaySeconds: -1 },
    { delaySeconds: 3601 },
    { delaySeconds: '5' },
    { force: true },
  ])('may not say %j', (body) => {
    expect(accepts(RestartDto, body)).toBe(false);
  });

  it('may not give a reason that no database and no variable takes', () => {
    expect(accepts(RestartDto, { reason: 'new\0model' })).toBe(false);
  });
});

describe('a bulk operation', () => {
  it('is about all where it names no tags', () => {
    expect(read(BulkDto, {})).toEqual({ tags: [] });
    expect(read(BulkDto, { tags: ['core'] })).toEqual({ tags: ['core'] });
  });

  it.each([{ tags: 'core' }, { tags: ['a b'] }, { tags: ['a', 'a'] }, { tags: null }, { agentIds: ['a'] }])(
    'is refused: %j',
    (body) => {
      expect(accepts(BulkDto, body)).toBe(false);
    },
  );
});
