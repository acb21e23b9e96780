import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');

/** What a document calls a proof has to be there: each test file that it names, and in it each test by its name. */
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
