import { isProblem } from '../../kernel';
import {
  backupName,
  CLOSING_TEXT,
  draftsOf,
  isBackupDue,
  openingText,
  outdatedBackups,
  parseBackup,
  rowsText,
  tableOpening,
  TABLE_END,
} from './backup-file';

const NOW = Date.UTC(2026, 10, 26, 4, 5, 6, 789);
const HOUR_MS = 3_600_000;

const head = { madeAt: '2026-11-26T04:05:06.789Z', instance: 'home', migrations: ['0001_first', '0002_second'] };

function text(tables: Readonly<Record<string, readonly (readonly string[])[]>>): string {
  const parts = Object.entries(tables).map(
    ([name, pages], index) =>
      tableOpening(name, index === 0) + pages.map((page, each) => rowsText(page, each === 0)).join('') + TABLE_END,
  );
  return openingText(head) + parts.join('') + CLOSING_TEXT;
}

describe('a backup file', () => {
  const whole = text({ 'public.numbers': [['{"a":1}', '{"a":2}'], ['{"a":3}'], []], 'local.nothing': [[]] });

  it('parses back to its content', () => {
    const backup = parseBackup(whole, 'x');
    expect(backup).toMatchObject(head);
    expect(backup.tables).toEqual({ 'public.numbers': [{ a: 1 }, { a: 2 }, { a: 3 }], 'local.nothing': [] });
  });

  it('has one row per line, and a notice about secrets at its head', () => {
    expect(whole.split('\n').filter((line) => /^ {6}\{"a":\d\},?$/.test(line))).toHaveLength(3);
    expect(whole.split('\n').slice(0, 5).join('\n')).toContain('secrets');
  });
});

describe('parseBackup', () => {
  const whole = text({ 'public.numbers': [['{"a":1}']] });
  it.each([
    ['is truncated', whole.slice(0, -9)],
    ['is empty', ''],
    ['has another format', '{"format": "photo album"}'],
    ['has a later version', whole.replace('"version": 1', '"version": 2')],
    ['has SQL in the name of a table', whole.replace('public.numbers', 'public.numbers; drop table x')],
    ['has SQL in the name of a column', whole.replace('{"a":1}', '{"a\\") --":1}')],
    ['has a number instead of a row', whole.replace('{"a":1}', '7')],
  ])('refuses a file that %s, and names the file', (_, damaged) => {
    let error: unknown;
    try {
      parseBackup(damaged, 'mine.json');
    } catch (thrown) {
      error = thrown;
    }
    expect(isProblem(error, 'invalid-request') ? error.detail : '').toMatch(
      /^mine\.json is not a complete backup .*Nothing/,
    );
  });
});

describe('the name of a backup', () => {
  const names = Array.from({ length: 9 }, (_, day) => backupName(NOW - day * 24 * HOUR_MS));

  it('contains its time', () => {
    expect(backupName(NOW)).toBe('backup-2026-11-26T04-05-06.789Z.json');
  });

  it('decides which files are outdated: all but the last seven backups, and no other file', () => {
    const others = ['backup.json', 'backup-mine.json', 'photo.jpg', 'backup-2026-11-01T04-05-06.789Z.json.bak'];
    expect(outdatedBackups([...others, ...names])).toEqual([names[8], names[7]]);
    expect(outdatedBackups(names.slice(0, 7))).toEqual([]);
  });

  it('protects the last backup of each of seven days, even after many backups on one day', () => {
    const often = Array.from({ length: 9 }, (_, minute) => backupName(NOW + minute * 60_000));
    const kept = [...names.slice(1, 7), ...often.slice(2)];
    const all = [...names.slice(1), ...often];
    expect(new Set(all.filter((name) => !outdatedBackups(all).includes(name)))).toEqual(new Set(kept));
  });

  it('identifies a draft', () => {
    expect(draftsOf(['mine.draft', `${backupName(NOW)}.draft`, backupName(NOW)])).toEqual([`${backupName(NOW)}.draft`]);
  });

  it.each([
    ['no backup exists', [], true],
    ['the newest backup is a day old', [backupName(NOW - 24 * HOUR_MS)], true],
    ['the newest backup is younger', [backupName(NOW - 24 * HOUR_MS + 1), backupName(NOW - 90 * HOUR_MS)], false],
    ['the newest backup is dated in the future', [backupName(NOW + HOUR_MS)], true],
  ])('shows whether a backup is due when %s: %s', (_, there, due) => {
    expect(isBackupDue(there, NOW)).toBe(due);
  });
});
