import { EVENT_TYPES } from '../events';
import { AGENT_STATUSES } from '../kernel';
import { AgentQueryDto, BulkDto, EventQueryDto, LimitQueryDto, RestartDto } from './schemas';

interface Readable {
  readonly schema: { safeParse(value: unknown): { success: boolean; data?: unknown } };
}

const accepts = ({ schema }: Readable, value: unknown) => schema.safeParse(value).success;
const read = ({ schema }: Readable, value: unknown) => schema.safeParse(value).data;

describe('the query of events', () => {
  it('defaults to 100 events of every agent and type', () => {
    expect(read(EventQueryDto, {})).toEqual({ limit: 100 });
  });

  it('is parsed from text', () => {
    const query = { agentId: 'a', type: 'agent.exited', after: '0', limit: '1000' };
    expect(read(EventQueryDto, query)).toEqual({ agentId: 'a', type: 'agent.exited', after: 0, limit: 1000 });
  });

  it.each(EVENT_TYPES)('accepts the type %s', (type) => {
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
  ])('refuses %j', (query) => {
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

  it.each([{ limit: '0' }, { limit: '1001' }, { limit: '-1' }, { offset: '5' }])('refuses %j', (query) => {
    expect(accepts(LimitQueryDto, query)).toBe(false);
  });
});

describe('the query of agents', () => {
  it.each(AGENT_STATUSES)('accepts the status %s', (status) => {
    expect(read(AgentQueryDto, { status, tag: 'x', capability: 'a.b' })).toEqual({
      status,
      tag: 'x',
      capability: 'a.b',
    });
  });

  it.each([{ status: 'dead' }, { tag: ['a', 'b'] }, { capability: 'x'.repeat(129) }, { name: 'a' }])(
    'refuses %j',
    (query) => {
      expect(accepts(AgentQueryDto, query)).toBe(false);
    },
  );
});

describe('the body of a restart', () => {
  it.each([{}, { reason: 'new model' }, { delaySeconds: 0 }, { delaySeconds: 0.5, reason: 'x' }])(
    'accepts %j',
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
  ])('refuses %j', (body) => {
    expect(accepts(RestartDto, body)).toBe(false);
  });

  it('refuses a reason that neither a database nor a variable can store', () => {
    expect(accepts(RestartDto, { reason: 'new\0model' })).toBe(false);
  });
});

describe('the body of a bulk operation', () => {
  it('defaults to no tags, which means all agents', () => {
    expect(read(BulkDto, {})).toEqual({ tags: [] });
    expect(read(BulkDto, { tags: ['core'] })).toEqual({ tags: ['core'] });
  });

  it.each([{ tags: 'core' }, { tags: ['a b'] }, { tags: ['a', 'a'] }, { tags: null }, { agentIds: ['a'] }])(
    'refuses %j',
    (body) => {
      expect(accepts(BulkDto, body)).toBe(false);
    },
  );
});
