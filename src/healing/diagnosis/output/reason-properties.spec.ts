import * as fc from 'fast-check';
import { FATAL_OUTPUTS } from '../../../../test/support/fatal-outputs';
import { HANDLED_ERRORS, LINES, NOISE } from '../../../../test/support/output-pieces';
import { diagnose, type DiagnosisFacts } from '../diagnose';

const UNKNOWN: DiagnosisFacts = {
  ...{ exitCode: 1, signal: null, stderr: '', stdout: '', stderrAt: null, stdoutAt: null, oomKills: null },
  ...{ memoryBytes: null, secrets: [], program: null, variables: null },
};

const read = (stderr: string) => {
  const { cause, line } = diagnose({ ...UNKNOWN, stderr });
  return { cause, line };
};

const lines = fc
  .array(fc.oneof(fc.constantFrom(...LINES), fc.string({ maxLength: 60 })), { maxLength: 30 })
  .map((each) => each.map((line) => `${line}\n`).join(''));
const before = fc
  .array(fc.oneof(lines, fc.constantFrom(...HANDLED_ERRORS)), { maxLength: 4 })
  .map((each) => each.join(''));
const after = fc.array(fc.constantFrom(...Object.values(NOISE)), { maxLength: 6 }).map((each) => each.join(''));

/** Tries each piece alone, and then as many combinations as this. */
const eachAnd = (pieces: readonly string[], combinations: number) => ({
  examples: pieces.map((piece): [string] => [piece]),
  numRuns: pieces.length + combinations,
});

describe.each(Object.entries(FATAL_OUTPUTS))('%s', (_, { text, cause, line }) => {
  it('is the reason', () => {
    expect(read(text)).toEqual({ cause, line });
  });

  it('is the reason whatever was written before', () => {
    fc.assert(
      fc.property(before, (earlier) => {
        expect(read(earlier + text)).toEqual({ cause, line });
      }),
      eachAnd(HANDLED_ERRORS, 25),
    );
  });

  it('is the reason whatever noise follows', () => {
    fc.assert(
      fc.property(after, (noise) => {
        expect(read(text + noise)).toEqual({ cause, line });
      }),
      eachAnd(Object.values(NOISE), 25),
    );
  });
});

describe('any output', () => {
  const pieces = fc.oneof(
    fc.constantFrom(
      ...LINES,
      ...HANDLED_ERRORS,
      ...Object.values(NOISE),
      '\r',
      '\u001b[',
      '│',
      '{"level":50,',
      '"msg":"',
    ),
    fc.string({ unit: 'binary', maxLength: 80 }),
  );
  const output = fc
    .array(fc.tuple(pieces, fc.constantFrom('', '\n')), { maxLength: 40 })
    .map((each) => each.flat().join(''));

  it('gets a line', () => {
    fc.assert(
      fc.property(output, output, fc.option(fc.nat({ max: 255 })), (stderr, stdout, exitCode) => {
        expect(diagnose({ ...UNKNOWN, stderr, stdout, exitCode }).line).toMatch(/\S/);
      }),
      { numRuns: 150 },
    );
  });

  const TRACEBACK = 'Traceback (most recent call last):\n';
  const GROUP = `  + Exception Group ${TRACEBACK}`;
  it.each([
    ['heads with an indent', `  ${TRACEBACK}`],
    ['heads of groups', GROUP],
    ['heads before blank lines', `${TRACEBACK}\n\n\n`],
    ['frames of Node', '    at f (a.js:1:1)\n'],
    ['errors far above their frames', `Error: x\n${'\n'.repeat(30)}    at f (a.js:1:1)\n`],
    ['gutters', '  | x\n', GROUP],
    ['gutters in one line', '| ', GROUP],
    ['lines in a box', '│ x │\n', '╭─ Traceback (most recent call last) ─╮\n'],
    ['spaces in a box', ' ', '│'],
    ['borders', `╭${'─ '.repeat(500)}x\n`],
    ['carriage returns', '\r'],
    ['carriage returns between words', 'x\r'],
    ['records of 190 kB', `{"level":50,"msg":"${'x'.repeat(190_000)}"}\n`],
    ['records of many lines', `{"level":50,"msg":"${String.raw`a\n`.repeat(60_000)}"}\n`],
    ['records that nest deeply', `{"level":50,"msg":"x","a":${'['.repeat(50_000)}${']'.repeat(50_000)}}\n`],
    ['colours', '\u001b[31m'],
    ['colours without an end', '\u001b['],
    ['titles without an end', `\u001b]${'x'.repeat(499)}`],
    ['blank lines', '\n'],
    ['warnings', '/a:1: UserWarning: x\n'],
    ['paths', `${'/a'.repeat(900)}:1: \n`],
    ['panics of Rust', "thread 'm' panicked at \nx\n"],
    ['characters in one line', 'x'],
  ])('of endless %s is read in a time in proportion to it', (_, piece, start = '') => {
    const makeText = (size: number) => start + piece.repeat(Math.ceil(size / piece.length));
    // Sixteen times the text: quadratic work takes 256 times as long. The floor is there because short times are
    // measured badly.
    const [small, large] = [cpuTimeOf(makeText(65_536)), cpuTimeOf(makeText(1_048_576))];
    expect(large).toBeLessThan(60 * Math.max(small, 10_000));
  });
});

/** Returns the CPU time of one diagnosis in microseconds. Other processes do not affect it. */
function cpuTimeOf(stderr: string): number {
  const before = process.cpuUsage();
  diagnose({ ...UNKNOWN, stderr });
  return process.cpuUsage(before).user;
}
