import { PassThrough } from 'node:stream';
import { askChoice } from './ask';
import { readChoice } from './choice';
import { parseArguments } from './import-arguments';

const NONE = { file: null, chosen: null, env: [], url: null, isDryRun: false, isJson: false };

describe('the arguments of the import command', () => {
  it.each([
    [[], {}],
    [['ecosystem.config.js'], { file: 'ecosystem.config.js' }],
    [['--yes'], { chosen: 'all' }],
    [['-y', 'x.json'], { chosen: 'all', file: 'x.json' }],
    [['--only', 'a,b c', '--only', 'd'], { chosen: ['a', 'b c', 'd'] }],
    [['--env', 'KEY, MODE,KEY'], { env: ['KEY', 'MODE'] }],
    [['--url', 'http://h:1'], { url: 'http://h:1' }],
    [['--json', '--dry-run'], { isJson: true, isDryRun: true }],
  ])('%j', (args, expected) => {
    expect(parseArguments(args)).toEqual({ kind: 'import', arguments: { ...NONE, ...expected } });
  });

  it.each([
    [['a', 'b'], 'Only one file is read: b is too many.'],
    [['--yes', '--only', 'a'], '--yes and --only exclude each other.'],
    [['--only', ' , '], '--only needs at least one name.'],
    [['--url', 'ftp://h'], '--url must be an http or https URL.'],
    [['--force'], expect.stringContaining('--force') as string],
  ])('%j are wrong', (args, problem) => {
    expect(parseArguments(args)).toEqual({ kind: 'wrong', problem });
  });

  it.each([[['--help']], [['-h', 'x']]])('%j ask for help', (args) => {
    expect(parseArguments(args)).toEqual({ kind: 'help' });
  });
});

describe('the answer to a numbered list of five', () => {
  it.each([
    ['', []],
    ['  ', []],
    ['a', [0, 1, 2, 3, 4]],
    ['ALL', [0, 1, 2, 3, 4]],
    ['1', [0]],
    ['5, 2 2', [1, 4]],
    ['1-3,5', [0, 1, 2, 4]],
  ])('%j chooses %j', (answer, indexes) => {
    expect(readChoice(answer, 5)).toEqual({ kind: 'chosen', indexes });
  });

  it.each(['0', '6', '3-2', '1-6', 'x', '-1', '1.5', '9999999'])('%j is unclear', (answer) => {
    expect(readChoice(answer, 5).kind).toBe('unclear');
  });
});

describe('the question in a terminal', () => {
  async function ask(...answers: string[]) {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(answers.map((answer) => `${answer}\n`).join(''));
    const indexes = await askChoice(3, { input, output });
    return [indexes, String(output.read()).match(/Register which/g)?.length];
  }

  it('is asked again after an unclear answer, three times at most', async () => {
    expect(await ask('2')).toEqual([[1], 1]);
    expect(await ask('9', '1,3')).toEqual([[0, 2], 2]);
    expect(await ask('9', '9', '9', '1')).toEqual([[], 3]);
  });

  it('chooses none if the input ends', async () => {
    expect(await ask()).toEqual([[], 1]);
  });
});
