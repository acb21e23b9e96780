import { readdirSync } from 'node:fs';
import path from 'node:path';

interface Side {
  readonly path?: string | readonly string[];
  readonly pathNot?: string | readonly string[];
}

interface Rule {
  readonly name: string;
  readonly from: Side;
  readonly to: Side;
}

const ROOT = path.resolve(__dirname, '..');
const { forbidden: RULES } = jest.requireActual<{ forbidden: readonly Rule[] }>('../.dependency-cruiser.cjs');
const FILES = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).map((file) => `src/${file}`);

function matches(file: string, { path: some = [], pathNot: none = [] }: Side): boolean {
  const isIn = (patterns: string | readonly string[]) => [patterns].flat().some((each) => new RegExp(each).test(file));
  return (some.length === 0 || isIn(some)) && !isIn(none);
}

describe('the rule only-healing-acts-on-processes', () => {
  const rule = RULES.find(({ name }) => name === 'only-healing-acts-on-processes');
  const forbids = (from: string, to: string) => rule !== undefined && matches(from, rule.from) && matches(to, rule.to);

  it.each([
    ['src/api/agents.controller.ts', 'src/processes/index.ts'],
    ['src/auth/agent-tokens.ts', 'src/processes/index.ts'],
    ['src/launcher/process-launcher.ts', 'src/processes/process-manager.ts'],
    ['src/health/health-monitor.ts', 'src/processes/pm2/pm2-process-manager.ts'],
    ['src/service.ts', 'src/processes/index.ts'],
    ['src/cli/backup.ts', 'src/processes/terminator.ts'],
  ])('forbids %s to import %s', (from, to) => {
    expect(forbids(from, to)).toBe(true);
  });

  it.each([
    ['src/healing/actor/launch-guard.ts', 'src/processes/index.ts'],
    ['src/processes/processes.module.ts', 'src/processes/pm2/pm2-process-manager.ts'],
    ['src/auth/agent-tokens.ts', 'src/processes/read-only.ts'],
    ['src/start-order.ts', 'src/processes/index.ts'],
    ['src/cli/uninstall.ts', 'src/processes/index.ts'],
  ])('allows %s to import %s', (from, to) => {
    expect(forbids(from, to)).toBe(false);
  });

  it('is about files that exist', () => {
    expect(FILES).toEqual(expect.arrayContaining(['src/processes/index.ts', 'src/processes/read-only.ts']));
    expect(FILES).toEqual(expect.arrayContaining(['src/start-order.ts', 'src/cli/uninstall.ts']));
  });
});

/** A pattern that matches no file makes its rule pass forever. */
describe('the name of a file in a rule', () => {
  const named = RULES.flatMap(({ name, from, to }) =>
    [from.path, from.pathNot, to.path, to.pathNot]
      .flat()
      .filter((each) => each !== undefined)
      .filter((each) => /^\^src\/.*\\\.ts\$$/.test(each) && !each.includes('$1'))
      .map((pattern) => [name, pattern] as const),
  );

  it.each(named)('of %s matches a file: %s', (_, pattern) => {
    expect(FILES.filter((file) => new RegExp(pattern).test(file))).not.toEqual([]);
  });
});
