import { readReason } from './reason';

const HEAD = 'Traceback (most recent call last):\n';
const FRAME = '  File "/srv/a.py", line 4, in main\n    run()\n';
const TRACEBACK = HEAD + FRAME;

const read = (...texts: readonly string[]) => readReason(texts.join('')).block;
const readLineOf = (...texts: readonly string[]) => read(...texts)?.line ?? null;

describe('the error of a traceback', () => {
  it.each([
    ['has a name and words', 'ValueError: x', 'ValueError: x'],
    ['may have no words', 'AssertionError', 'AssertionError'],
    ['may have a name of any kind', 'app.Refused: x', 'app.Refused: x'],
    ['may be of a class in a function', 'a.main.<locals>.Refused: x', 'a.main.<locals>.Refused: x'],
    [
      'comes after frames that are left out',
      '  [Previous line repeated 970 more times]\nRecursionError: x',
      'RecursionError: x',
    ],
    ['comes after carets', '    ~~~^^^\nValueError: x', 'ValueError: x'],
  ])('%s', (_, rest, line) => {
    expect(readLineOf(TRACEBACK, rest, '\n')).toBe(line);
  });

  it('has details: the other lines of its message', () => {
    const text =
      'pydantic.ValidationError: 1 validation error for Settings\nqueue\n  Field required [type=missing]\n    For further information visit x\n';
    expect(read(TRACEBACK, text)?.details).toEqual([
      'queue',
      'Field required [type=missing]',
      'For further information visit x',
    ]);
  });

  it('may quote a page, however long', () => {
    const page = `<html>\n${'<p>\n'.repeat(30)}</html>\n`;
    expect(readLineOf(TRACEBACK, 'app.Refused: 502\n', page)).toBe('app.Refused: 502');
  });

  it('is that of a syntax error, which has no head', () => {
    expect(readLineOf('  File "/srv/a.py", line 4\n    x =\n       ^\nSyntaxError: invalid syntax\n')).toBe(
      'SyntaxError: invalid syntax',
    );
  });

  it.each([
    ['the text ends in its stack', TRACEBACK],
    ['only its head is left', HEAD],
    ['a group has no errors', `  + Exception Group ${HEAD}`],
  ])('is unknown if %s', (_, text) => {
    expect(read(text)).toBeNull();
  });

  it('ends where a report about something else begins', () => {
    for (const next of [
      'Exception ignored in: x',
      'Error in atexit._run_exitfuncs:',
      'Task exception was never retrieved',
      'INFO: x',
    ])
      expect(read(TRACEBACK, 'ValueError: x\n', next, '\n')?.details).toEqual([]);
  });
});

describe('the causes of an error', () => {
  const chain = (words: string) => `\n${words}:\n\n`;
  const CAUSE = chain('The above exception was the direct cause of the following exception');
  const CONTEXT = chain('During handling of the above exception, another exception occurred');
  const lines = (causes: readonly { line: string }[] | undefined) => causes?.map(({ line }) => line);

  it('are those that it was raised from, the nearest first', () => {
    const block = read(TRACEBACK, 'A: 1\n', CAUSE, TRACEBACK, 'B: 2\n', CAUSE, TRACEBACK, 'C: 3\n');
    expect([block?.line, lines(block?.causes), lines(block?.contexts)]).toEqual(['C: 3', ['B: 2', 'A: 1'], []]);
  });

  it('are none of those in whose handling it arose, nor their causes', () => {
    const block = read(TRACEBACK, 'A: 1\n', CAUSE, TRACEBACK, 'B: 2\n', CONTEXT, TRACEBACK, 'C: 3\n');
    expect([block?.line, lines(block?.causes), lines(block?.contexts)]).toEqual(['C: 3', [], ['B: 2', 'A: 1']]);
  });
});

describe('a group of exceptions', () => {
  const GROUP = [
    `  + Exception Group ${HEAD.trim()}`,
    '  |   File "a.py", line 1, in <module>',
    '  | ExceptionGroup: 2 failed (2 sub-exceptions)',
    '  +-+---------------- 1 ----------------',
    `    | ${HEAD.trim()}`,
    '    |   File "a.py", line 2, in f',
    '    | ValueError: first',
    '    | more words',
    '    +---------------- 2 ----------------',
    '    | OSError: second',
    '    +------------------------------------',
  ].join('\n');

  it('is known by its first member, which the others follow', () => {
    const block = read(GROUP, '\n');
    expect([block?.line, block?.details, block?.causes]).toEqual([
      'ValueError: first',
      ['more words'],
      [{ line: 'OSError: second', details: [] }],
    ]);
  });
});

describe('a traceback in a box of rich', () => {
  const box = (...content: readonly string[]) =>
    [
      '╭──── Traceback (most recent call last) ────╮',
      ...content.map((line) => `│ ${line.padEnd(41)} │`),
      `╰${'─'.repeat(43)}╯\n`,
    ].join('\n');

  it('has its error below the box, also with local variables in it', () => {
    const text = box('/srv/a.py:3 in <module>', '', '❱ 3 raise x', '╭─ locals ─╮', '│ a = 1    │', '╰──────────╯');
    expect(readLineOf(text, 'ValueError: x\n')).toBe('ValueError: x');
  });

  it('has the members of a group in boxes below its error', () => {
    const members = [
      '╭── Sub-exception #1 ──╮',
      '│ ╭─ Traceback (most recent call last) ─╮ │',
      '│ │ /srv/a.py:3 │ │',
      '│ ╰──╯ │',
      '│ OSError: first │',
      '╰──╯\n',
    ];
    const block = read(box('/srv/a.py:3 in f'), 'ExceptionGroup: failed (1 sub-exception)\n', members.join('\n'));
    expect([block?.line, block?.details.includes('OSError: first')]).toEqual([
      'ExceptionGroup: failed (1 sub-exception)',
      true,
    ]);
  });
});

describe('the standing of a traceback', () => {
  it.each([
    ['bare', ''],
    ['bare', 'polling\n'],
    ['bare', 'ERROR cannot start\n\n'],
    ['logged', 'ERROR cannot start\n'],
    ['logged', '2026-03-02 12:00:00,000 - app - ERROR - cannot start\nsecond line\n'],
    ['aside', 'Task exception was never retrieved\nfuture: <Task finished>\n'],
    ['aside', 'ERROR:asyncio:Task exception was never retrieved\nfuture: <Task finished>\n'],
    ['aside', 'Exception in thread Thread-1 (poll):\n'],
  ])('is %s after %j', (standing, before) => {
    expect(read(before, TRACEBACK, 'ValueError: x\n')?.standing).toBe(standing);
  });
});

describe('an error of a task or a thread', () => {
  const ASIDE = `Exception in thread Thread-1 (poll):\n${TRACEBACK}OSError: 5\n`;

  it('is the reason if nothing else is', () => {
    expect(readLineOf(ASIDE)).toBe('OSError: 5');
  });

  it('is not the reason if an error of the main thread came first, or words about another error follow', () => {
    expect(readLineOf(TRACEBACK, 'ValueError: x\n', ASIDE, ASIDE, ASIDE)).toBe('ValueError: x');
    expect(readLineOf(ASIDE, 'CRITICAL the queue is sealed\n')).toBeNull();
  });
});
