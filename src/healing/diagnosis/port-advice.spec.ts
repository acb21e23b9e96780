import { describePortHolder, ownPortAdvice, portAdvice } from './port-advice';

const HOLDER = { pid: 4711, program: 'node server.js', agentId: null };

describe('a port in use', () => {
  it.each([
    [null, 'port 3000 is held by pid 4711 (node server.js)'],
    ['crawler', 'port 3000 is held by the agent crawler, pid 4711 (node server.js)'],
  ])('is described with its holder, of the agent %s', (agentId, text) => {
    expect(describePortHolder(3000, { ...HOLDER, agentId })).toBe(text);
  });

  it.each([
    [
      'another program',
      HOLDER,
      'Port 3000 is held by pid 4711 (node server.js). Stop it, or let the agent choose a free port and announce it.',
    ],
    [
      'another agent',
      { ...HOLDER, agentId: 'crawler' },
      'Port 3000 is held by the agent crawler, pid 4711 (node server.js). Give one of the two agents another port, or let it choose and announce one.',
    ],
    [
      'a process of the same agent',
      { ...HOLDER, agentId: 'writer' },
      'Port 3000 is still held by a process of this agent, pid 4711 (node server.js). The supervisor kills what an exited run leaves behind, and then restarts the agent.',
    ],
    [
      'an unknown process',
      null,
      'The system does not show which process holds port 3000: it belongs to another user, or has released the port. Find it with `sudo lsof -nP -iTCP:3000 -sTCP:LISTEN` and stop it, or let the agent choose a free port and announce it.',
    ],
  ])('leads to advice if it is held by %s', (_, holder, advice) => {
    expect(portAdvice(3000, holder, 'writer')).toBe(advice);
  });

  it('leads to advice about PORT if agent-spawner holds it', () => {
    expect(ownPortAdvice(3000)).toContain('agent-spawner itself listens on port 3000');
  });

  it('leads to advice that is shown in full, also with the longest names', () => {
    const longest = { pid: 4_194_304, program: 'x'.repeat(120), agentId: 'a'.repeat(64) };
    for (const holder of [longest, { ...longest, agentId: null }, null]) {
      expect(portAdvice(65_535, holder, 'a'.repeat(64)).length).toBeLessThanOrEqual(500);
      expect(portAdvice(65_535, holder, 'writer').length).toBeLessThanOrEqual(500);
    }
  });
});
