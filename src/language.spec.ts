import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..');
const LIST = path.join(ROOT, 'scripts', 'lib', 'denied-words.json');
const { denied } = JSON.parse(readFileSync(LIST, 'utf8')) as { denied: readonly string[] };
const PHRASE = denied.find((each) => each.split(' ').length === 3) ?? '';
const WORD = denied[0] ?? '';

describe('scripts/language.mjs', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'agent-spawner-language-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** Checks one file, and returns the findings without the folder. */
  function check(name: string, content: string | Buffer): { status: number | null; findings: string[] } {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    const { status, stdout } = spawnSync(process.execPath, [path.join(ROOT, 'scripts', 'language.mjs'), file], {
      encoding: 'utf8',
    });
    const findings = stdout.split('\n').filter((line) => line !== '');
    return { status, findings: findings.map((line) => line.replace(`${folder}${path.sep}`, '')) };
  }

  it('reports every denied word and phrase with its file and line', () => {
    const text = denied.map((phrase) => `text, ${phrase}.\n`).join('');
    expect(check('all.md', text)).toEqual({
      status: 1,
      findings: denied.map((phrase, index) => `all.md:${index + 1}:${phrase}`),
    });
  });

  it('ignores case', () => {
    expect(check('case.md', PHRASE.toUpperCase()).findings).toEqual([`case.md:1:${PHRASE.toUpperCase()}`]);
  });

  it.each([
    ['a paragraph', '\n'],
    ['a block comment', '\n   * '],
    ['a line comment', '\n  // '],
    ['a script comment', '\n# '],
    ['an SQL comment', '\n  -- '],
    ['a quotation', '\n> '],
  ])('finds a phrase that is broken over two lines of %s', (_, gap) => {
    const { status, findings } = check('broken.txt', `first line\n ${PHRASE.replaceAll(' ', gap)} more`);
    expect(status).toBe(1);
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatch(/^broken\.txt:2:/);
  });

  it('accepts a denied word within a longer word or identifier', () => {
    expect(check('words.ts', `x${WORD} ${WORD}s a_${WORD}_b ${WORD}1`)).toEqual({ status: 0, findings: [] });
  });

  it('reports words in the unreleased part of the changelog, and accepts them in its history', () => {
    const released = `# Changelog\n\n## Unreleased\n- new\n\n## 0.1.0\n- ${WORD}\n`;
    expect(check('CHANGELOG.md', released)).toEqual({ status: 0, findings: [] });
    expect(check('CHANGELOG.md', `# Changelog\n\n## Unreleased\n- ${WORD}\n`).findings).toEqual([
      `CHANGELOG.md:4:${WORD}`,
    ]);
  });

  it('skips binary files', () => {
    expect(check('image.bin', Buffer.from(`\0${WORD}`))).toEqual({ status: 0, findings: [] });
  });
});
