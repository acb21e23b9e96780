import { matchRule, RULES } from './all-rules';

/** Longest line that is searched, and one of an eighth of it. */
const [LONG, SHORT] = [2_000, 250];
/** Texts that lead expressions astray when they are repeated: long words, names, quotations, almost matches. */
const HOSTILE = [
  ...['a', 'A', '1', ' ', '_', '-', '/', "'", '"', '(', '[', ': ', 'A_', 'a.', 'a ', 'A ', '1 ', 'Ab', '1: '],
  ...['a: ', "a'b", 'x: y ', 'error ', 'Error: ', 'status ', 'port ', 'A_KEY ', 'A_TOKEN is ', 'env var A_B '],
];

describe('the table of rules', () => {
  it('has no name twice', () => {
    const names = RULES.map(({ name }) => name);
    expect(names).toEqual([...new Set(names)]);
  });

  it('keeps no place between two searches', () => {
    expect(RULES.filter(({ line, frame }) => line.global || line.sticky || frame?.global === true)).toEqual([]);
  });

  it('returns the row that stands first, and the line that it matches', () => {
    const lines = ['openai.RateLimitError: Error code: 429', "'code': 'insufficient_quota'"];
    const match = matchRule(lines);
    expect([match?.rule.name, match?.line]).toEqual(['openai-quota', lines[1]]);
    expect(matchRule(['nothing of the kind'])).toBeNull();
  });

  it('asks for a frame where a row needs one', () => {
    const frames = ['File "<frozen os>", line 717, in __getitem__'];
    expect(matchRule(["KeyError: 'PATH_X'"])).toBeNull();
    expect(matchRule(["KeyError: 'PATH_X'"], frames)?.rule.name).toBe('environment-variable');
  });
});

describe('the time of a search', () => {
  it.each(RULES.map(({ name, line }) => [name, line] as const))('is linear in the length of a line: %s', (_, line) => {
    expect(isLinear(line)).toBe(true);
  });

  it('is noticed if it is not', () => {
    expect(isLinear(/\w*;$/)).toBe(false);
  });
});

/** Compares one search of long lines with searches of short ones of the same total length. */
function isLinear(expression: RegExp): boolean {
  const texts = [...HOSTILE, ...wordsOf(expression)];
  const [long, short] = [texts.map((text) => fill(text, LONG)), texts.map((text) => fill(text, SHORT))];
  const longTime = timeOf(() => long.forEach((line) => expression.test(line)));
  const shortTime = timeOf(() => {
    for (let count = 0; count < LONG / SHORT; count += 1) short.forEach((line) => expression.test(line));
  });
  // Quadratic work takes eight times as long. The floor is there because short times are measured badly.
  return longTime < 4 * Math.max(shortTime, 2);
}

/** Returns the words of an expression, alone and together: lines of them match it almost. */
function wordsOf({ source }: RegExp): string[] {
  const words = [...new Set(source.match(/[A-Za-z][\w :'"-]{2,}/g) ?? [])];
  return [...words, ...words.map((word) => `${word} `), `${words.join(' ')} `];
}

function fill(text: string, length: number): string {
  return text.repeat(Math.ceil(length / text.length)).slice(0, length);
}

/**
 * Returns the least processor time of several runs, in milliseconds. Time on the clock would count other processes of a
 * busy machine too.
 */
function timeOf(work: () => void): number {
  const durations = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...durations);
}
