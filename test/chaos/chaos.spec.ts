import { playChaos, type ChaosReport } from './run';

const number = (name: string, standard: number) => Number(process.env[name] ?? '') || standard;
const seed = number('CHAOS_SEED', 1);
const minutes = number('CHAOS_MINUTES', 1);
const guard = process.env.CHAOS_GUARD !== 'off';
const only = process.env.CHAOS_ONLY ?? '';

/** npm run chaos -- [--seed S] [--minutes M] [--guard off] */
describe(`chaos, seed ${seed}, ${minutes} min${guard ? '' : ', without the launch guard'}`, () => {
  let report: ChaosReport;

  beforeAll(
    async () => {
      report = await playChaos({ seed, minutes, guard, only });
      const { violations, trace, ...figures } = report;
      process.stdout.write(`chaos: ${JSON.stringify(figures)}\n`);
      if (violations.length > 0) process.stdout.write(`${[...trace, ...violations].join('\n')}\n`);
    },
    (minutes * 60 + 600) * 1_000,
  );

  if (guard) {
    it('never two, never against the operator, nothing acknowledged lost, and all that can live lives', () => {
      expect(report.violations).toEqual([]);
    });

    it('each kind of fault was made', () => {
      expect(Object.keys(report.faults)).toHaveLength(only === '' ? 14 : 1);
    });
  } else {
    it('is caught', () => {
      expect(report.violations.filter((violation) => violation.startsWith('two at once'))).not.toEqual([]);
    });
  }
});
