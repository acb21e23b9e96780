import { runChaos, type ChaosReport } from './run';

const number = (name: string, standard: number) => Number(process.env[name] ?? '') || standard;
const seed = number('CHAOS_SEED', 1);
const minutes = number('CHAOS_MINUTES', 1);
const guard = process.env.CHAOS_GUARD !== 'off';
const only = process.env.CHAOS_ONLY ?? '';

/** Runs by `npm run chaos -- [--seed S] [--minutes M] [--guard off] [--only KIND] [--latencies N]`. */
describe(`chaos, seed ${seed}, ${minutes} min${guard ? '' : ', without the launch guard'}`, () => {
  let report: ChaosReport;

  beforeAll(
    async () => {
      report = await runChaos({ seed, minutes, guard, only });
      const { violations, trace, ...figures } = report;
      process.stdout.write(`chaos: ${JSON.stringify(figures)}\n`);
      if (violations.length > 0) process.stdout.write(`${[...trace, ...violations].join('\n')}\n`);
    },
    (minutes * 60 + 600) * 1_000,
  );

  if (guard) {
    it('no agent runs twice or against the operator, nothing acknowledged is lost, and every agent recovers', () => {
      expect(report.violations).toEqual([]);
    });

    const isLong = minutes >= 5 && only === '';
    (isLong ? it : it.skip)('processes that lived through freezes of the service were watched afterwards', () => {
      expect(report.livedThroughFreezes).toBeGreaterThan(0);
    });

    it('every kind of fault was injected', () => {
      expect(Object.keys(report.faults)).toHaveLength(only === '' ? 14 : 1);
    });
  } else {
    it('the checker reports duplicate leaders', () => {
      expect(report.violations.filter((violation) => violation.startsWith('two at once'))).not.toEqual([]);
    });
  }
});
