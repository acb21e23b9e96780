import { RouteMemory, type Sighting } from './route-memory';

const seen = (changes: Partial<Sighting> = {}): Sighting => ({
  ...{ agentId: 'a', status: 'stopped', stopAskedAt: 5 },
  ...changes,
});

describe('a route', () => {
  it('may start an agent that was stopped before it began', () => {
    const memory = new RouteMemory();
    expect([memory.look(seen()), memory.look(seen())]).toEqual([null, null]);
  });

  it.each<readonly [string, Sighting, Sighting]>([
    ['was stopped again', seen(), seen({ stopAskedAt: 6 })],
    ['was running before', seen({ status: 'running' }), seen()],
    ['was being launched before', seen({ status: 'starting' }), seen()],
    ['was recovering before', seen({ status: 'recovering' }), seen()],
  ])('does not start an agent that %s', (_, first, then) => {
    const memory = new RouteMemory();
    expect(memory.look(first)).toBeNull();
    expect(memory.look(then)).toMatch(/^it was stopped(?:, or finished,)? while the task waited for an agent$/);
  });

  it('does not start an agent whose start failed, and names the reason', () => {
    const memory = new RouteMemory();
    memory.look(seen());
    memory.noteFailure('a', 'no such file', false);
    expect(memory.look(seen({ status: 'stopped' }))).toBe('its start failed: no such file');
    expect(memory.look(seen({ agentId: 'b' }))).toBeNull();
  });

  it('starts no agent once PM2 does not answer', () => {
    const memory = new RouteMemory();
    memory.noteFailure('a', 'PM2 is away', true);
    expect(memory.look(seen({ agentId: 'b' }))).toBe('its start failed: PM2 is away');
  });
});
