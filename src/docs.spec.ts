import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');

/** Checks that every test file and test that a document names as proof exists. */
describe.each(['docs/reliability.md', 'docs/threat-model.md'])('the tests that %s names', (document) => {
  const text = readFileSync(path.join(ROOT, document), 'utf8');
  const named = [...text.matchAll(/`((?:src|test)\/[\w./-]+\.spec\.ts)`: ([^`|\n]+)/g)].flatMap(
    ([, file = '', names = '']) => [...names.matchAll(/\*([^*]+)\*/g)].map(([, name = '']) => [file, name] as const),
  );

  it('are named by their files and sentences', () => {
    expect(named.length).toBeGreaterThan(10);
  });

  it.each(named)('%s: %s', (file, name) => {
    expect(existsSync(path.join(ROOT, file))).toBe(true);
    const source = readFileSync(path.join(ROOT, file), 'utf8').replaceAll("\\'", "'");
    const starts = ["'", '"', '`'].map((quote) => quote + name);
    expect([name, starts.some((start) => source.includes(start))]).toEqual([name, true]);
  });
});

/** A document quotes a whole file in the code block after a comment that names it. */
describe('docs/writing-an-agent.md', () => {
  const text = readFileSync(path.join(ROOT, 'docs/writing-an-agent.md'), 'utf8');
  const quotes = [...text.matchAll(/<!-- file: (\S+) -->\n```\w+\n([^]*?)\n```/g)].map(([, file, code]) => ({
    file,
    code,
  }));

  it('has an example for each kind of agent', () => {
    expect(quotes.map(({ file }) => path.basename(file ?? ''))).toEqual([
      ...['anthropic_agent.mjs', 'openai_agent.mjs', 'plain_loop_agent.py', 'langgraph_agent.mjs'],
    ]);
  });

  it.each(quotes)('quotes $file as it stands', ({ file = '', code }) => {
    expect(code).toBe(readFileSync(path.join(ROOT, file), 'utf8').trimEnd());
  });
});

describe.each([
  ['### `POST /api/agents/:id/spawn`', 25],
  ['### `kill -9`', 20],
])('the flow %s in docs/architecture.md', (heading, limit) => {
  const text = readFileSync(path.join(ROOT, 'docs/architecture.md'), 'utf8');
  const section = text.slice(text.indexOf(heading)).split(/\n#{2,3} /, 1)[0] ?? '';
  const steps = [...section.matchAll(/^(\d+)\. `(src\/[\w./-]+\.ts)`: /gm)].map(([, number, file = '']) => ({
    number: Number(number),
    file,
  }));

  it(`has at most ${limit} files, numbered in order`, () => {
    expect(steps.length).toBeGreaterThan(10);
    expect(steps.length).toBeLessThanOrEqual(limit);
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, index) => index + 1));
  });

  it('names each file once', () => {
    const files = steps.map(({ file }) => file);
    expect(files).toEqual([...new Set(files)]);
  });

  it.each(steps)('$number names a file that exists: $file', ({ file }) => {
    expect(existsSync(path.join(ROOT, file))).toBe(true);
  });
});
