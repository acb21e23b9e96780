import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readSettings, SETTING_NAMES } from './settings';

/** Compares the README's table of settings with the schema. */
describe('the settings in the README', () => {
  const readme = readFileSync(path.resolve(__dirname, '../../README.md'), 'utf8');
  const table = /<!-- settings: begin[^>]*-->([\s\S]*?)<!-- settings: end -->/.exec(readme)?.[1] ?? '';
  const rows = new Map(
    table
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .flatMap((line) => {
        const [, names = '', defaults = ''] = line.split('|').map((cell) => cell.trim());
        const words = [...names.matchAll(/`([A-Z0-9_]+)`/g)].map(([, name]) => name ?? '');
        const values = words.length === 1 ? [defaults] : defaults.split(', ');
        return words.map((name, index) => [name, (values[index] ?? '').replaceAll('`', '')] as const);
      }),
  );

  it('are exactly the settings of the schema', () => {
    expect([...rows.keys()].sort()).toEqual([...SETTING_NAMES].sort());
  });

  it('have the defaults of the schema', () => {
    const defaults: Readonly<Record<string, unknown>> = readSettings({});
    for (const [name, documented] of rows) {
      const value = defaults[name];
      if (typeof value === 'number' || typeof value === 'string')
        expect([name, documented]).toEqual([name, String(value)]);
      if (Array.isArray(value) && value.length > 0) expect([name, documented]).toEqual([name, value.join(',')]);
    }
  });
});
