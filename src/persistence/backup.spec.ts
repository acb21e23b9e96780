import { isProblem } from '../kernel';
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
} from './backup';

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

describe('the text of a backup', () => {
  const whole = text({ 'public.numbers': [['{"a":1}', '{"a":2}'], ['{"a":3}'], []], 'local.nothing': [[]] });

  it('is JSON that reads back as it was', () => {
    const backup = parseBackup(whole, 'x');
    expect(backup).toMatchObject(head);
    expect(backup.tables).toEqual({ 'public.numbers': [{ a: 1 }, { a: 2 }, { a: 3 }], 'local.nothing': [] });
  });

  it('has a row a line, and says at its head that it holds secrets', () => {
    expect(whole.split('\n').filter((line) => /^ {6}\{"a":\d\},?$/.test(line))).toHaveLength(3);
    expect(whole.split('\n').slice(0, 5).join('\n')).toContain('secrets');
  });
});

describe('a file that is no whole backup', () => {
  const whole = text({ 'public.numbers': [['{"a":1}']] });
  it.each([
    ['cut off', whole.slice(0, -9)],
    ['empty', ''],
    ['of something else', '{"format": "photo album"}'],
    ['of a later version', whole.replace('"version": 1', '"version": 2')],
    ['with a table whose name is more than that', whole.replace('public.numbers', 'public.numbers; drop table x')],
    ['with a column whose name is more than that', whole.replace('{"a":1}', '{"a\\") --":1}')],
    ['without rows', whole.replace('{"a":1}', '7')],
  ])('%s is refused, by its name', (_, damaged) => {
    let error: unknown;
    try {
      parseBackup(damaged, 'mine.json');
    } catch (thrown) {
      error = thrown;
    }
    expect(isProblem(error, 'invalid-request') ? error.detail : '').toMatch(/^mine\.json is no whole backup .*Nothing/);
  });
});

describe('names', () => {
  const names = Array.from({ length: 9 }, (_, day) => backupName(NOW - day * 24 * HOUR_MS));

  it('tell the time', () => {
    expect(backupName(NOW)).toBe('backup-2026-11-26T04-05-06.789Z.json');
  });

  it('the last seven are kept, and nothing else is ever touched', () => {
    const others = ['backup.json', 'backup-mine.json', 'photo.jpg', 'backup-2026-11-01T04-05-06.789Z.json.bak'];
    expect(outdatedBackups([...others, ...names])).toEqual([names[8], names[7]]);
    expect(outdatedBackups(names.slice(0, 7))).toEqual([]);
  });

  it('the last of each of seven days is kept beside them, however often one is made on the last of them', () => {
    const often = Array.from({ length: 9 }, (_, minute) => backupName(NOW + minute * 60_000));
    const kept = [...names.slice(1, 7), ...often.slice(2)];
    const all = [...names.slice(1), ...often];
    expect(new Set(all.filter((name) => !outdatedBackups(all).includes(name)))).toEqual(new Set(kept));
  });

  it('a draft is known by its name', () => {
    expect(draftsOf(['mine.draft', `${backupName(NOW)}.draft`, backupName(NOW)])).toEqual([`${backupName(NOW)}.draft`]);
  });

  it.each([
    ['there is none', [], true],
    ['the newest is a day old', [backupName(NOW - 24 * HOUR_MS)], true],
    ['the newest is younger', [backupName(NOW - 24 * HOUR_MS + 1), backupName(NOW - 90 * HOUR_MS)], false],
    ['the newest is of a time to come', [backupName(NOW + HOUR_MS)], true],
  ])('where %s, one is due: %s', (_, there, due) => {
    expect(isBackupDue(there, NOW)).toBe(due);
  });
});
