import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { parseCommands, parseProcess, valuesIn, variablesIn } from './ps-format';

const fixture = (name: string) => readFileSync(path.resolve(__dirname, '../../../test/fixtures/ps', name), 'utf8');

const TALKS = 'agt1.talks.0f8fad5b-d9cb-469f-a165-70867728950e.mac';

describe('a line of ps', () => {
  const parsed = fixture('macos-processes.txt').split('\n').map(parseProcess);
  const living = parsed.filter((each) => each !== null && each !== 'zombie');
  const byPid = (pid: number) => living.find((each) => each.pid === pid);

  it('is parsed as macOS prints it: pid, parent, session and start time', () => {
    expect(byPid(1)).toEqual({
      pid: 1,
      parentPid: 0,
      sessionId: 1,
      startTime: Date.UTC(2026, 10, 26, 4, 15, 38) / 1000,
    });
    expect(byPid(901)?.startTime).toBe(Date.UTC(2026, 11, 1, 23, 59, 59) / 1000);
    expect(byPid(99998)?.startTime).toBe(Date.UTC(2027, 0, 7, 8, 9, 11) / 1000);
  });

  it.each([
    ['leads a session', 902, 902],
    ['leads a session while it is stopped, traced or exiting', 907, 907],
    ['is in the group of the leader', 903, 902],
    ['stayed in its group when its parents died', 906, 902],
    ['leads its own group in an unknown session', 830, 0],
  ])('of a process that %s: puts %i in session %i', (_what, pid, session) => {
    expect(byPid(pid)?.sessionId).toBe(session);
  });

  it('shows a zombie as one', () => {
    expect(parsed.filter((each) => each === 'zombie')).toHaveLength(1);
  });

  it.each([
    '',
    '  PID  PPID  PGID STAT STARTED',
    '905 901 905 S',
    '905 901 905 S Wed Dec  2 00:00:03',
    '905 901 S Wed Dec  2 00:00:03 2026',
    '905 901 905 S Mi  Dez  2 00:00:03 2026',
    '905 901 905 S Wed Xyz  2 00:00:03 2026',
    '905 901 905 S 2 Dec 00:00:03 2026',
    '-1 901 905 S Wed Dec  2 00:00:03 2026',
    'ps: illegal option -- q',
  ])('is ignored if it is truncated, of another locale or invalid: %j', (line) => {
    expect(parseProcess(line)).toBeNull();
  });
});

describe('the commands and environments of ps', () => {
  const commands = parseCommands(fixture('macos-commands.txt'));

  it('are parsed by pid, one line each', () => {
    expect([...commands.keys()]).toEqual([1, 97, 402, 901, 902, 903, 904, 905, 906, 907]);
    expect(commands.get(903)).toBe('sleep 3600');
    expect(parseCommands('   5 \n6\nno pid\n')).toEqual(new Map([[5, '']]));
  });

  it('contain variables whose values have spaces', () => {
    const variables = variablesIn(commands.get(902) ?? '');
    expect(variables.get('AGENT_ID')).toBe('talks');
    expect(variables.get('AGENT_NAME')).toBe('The one that talks');
    expect(variables.get('EMPTY')).toBe('');
    expect(variables.get('name')).toBe('talks');
    expect(variables.get('AGENT_TOKEN')).toBe(TALKS);
    expect(variablesIn(commands.get(904) ?? '').get('LINES')).toBe('one^Jtwo');
  });

  it('contain no variables if the system hides the environment', () => {
    expect([1, 402, 903, 905, 907].map((pid) => variablesIn(commands.get(pid) ?? '').size)).toEqual([0, 0, 0, 0, 0]);
  });

  it('yield all candidates for a value, because arguments and texts can look like variables', () => {
    expect(valuesIn(commands.get(902) ?? '', 'AGENT_TOKEN')).toEqual(['not-this-one', 'this', TALKS]);
    expect(valuesIn(commands.get(906) ?? '', 'AGENT_TOKEN')).toEqual([]);
    expect(valuesIn('X_AGENT_TOKEN=a AGENT_TOKEN_X=b AGENT_TOKEN c', 'AGENT_TOKEN')).toEqual([]);
  });

  it('never lose a token, whatever surrounds it', () => {
    const words = fc.array(fc.string({ unit: 'grapheme-ascii' }), { maxLength: 5 });
    fc.assert(
      fc.property(words, words, (before, after) => {
        const command = [...before, `AGENT_TOKEN=${TALKS}`, ...after].join(' ');
        expect(valuesIn(command, 'AGENT_TOKEN')).toContain(TALKS);
      }),
    );
  });
});
