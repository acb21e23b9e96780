import * as fc from 'fast-check';
import { CapabilityIndex } from './capability-index';

const index = new CapabilityIndex([
  { agentId: 'writer', capabilities: ['content.generate', 'content.publish'] },
  { agentId: 'editor', capabilities: ['content.*', 'content.publish'] },
  { agentId: 'reviewer', capabilities: ['content.publish.*'] },
  { agentId: 'other', capabilities: ['dm.send', 'contents.*'] },
]);

describe('the agents for a task', () => {
  it.each([
    ['content.generate', ['writer', 'editor']],
    ['content.publish', ['writer', 'editor']],
    ['content.publish.draft', ['reviewer', 'editor']],
    ['content.delete.old.drafts', ['editor']],
    ['content', []],
    ['content.', ['editor']],
    ['dm.send.now', []],
    ['.content', []],
    ['', []],
    ['constructor', []],
  ])('of %j are %j', (taskType, agentIds) => {
    expect(index.find(taskType)).toEqual(agentIds);
  });

  it('are those with the capability itself or with a wildcard above it, for every task type', () => {
    const part = fc.constantFrom('a', 'b', 'c');
    const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
    const capability = fc.tuple(name, fc.boolean()).map(([base, isWildcard]) => (isWildcard ? `${base}.*` : base));
    const agents = fc.array(fc.uniqueArray(capability, { maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(agents, name, (lists, taskType) => {
        const all = lists.map((capabilities, number) => ({ agentId: `agent-${number}`, capabilities }));
        const matches = (each: string) =>
          each === taskType || (each.endsWith('.*') && taskType.startsWith(each.slice(0, -1)));
        const expected = all.filter(({ capabilities }) => capabilities.some(matches)).map(({ agentId }) => agentId);
        expect([...new CapabilityIndex(all).find(taskType)].sort()).toEqual(expected);
      }),
    );
  });

  it('are listed by capability, both sorted', () => {
    expect(index.list()).toEqual({
      'content.*': ['editor'],
      'content.generate': ['writer'],
      'content.publish': ['editor', 'writer'],
      'content.publish.*': ['reviewer'],
      'contents.*': ['other'],
      'dm.send': ['other'],
    });
  });
});
