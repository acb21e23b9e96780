import { simulate } from './simulate';

const FIRST = Number(process.env.SIMULATION_FIRST_SEED ?? 1);
const SEEDS = Number(process.env.SIMULATION_SEEDS ?? 100);

describe('supervision under seeded faults', () => {
  it(`keeps its promises in ${SEEDS} seeds from ${FIRST}`, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      const { violations, trace } = await simulate(seed);
      if (violations.length > 0) {
        throw new Error(`seed ${seed}: ${violations.join('; ')}\n${trace.slice(-120).join('\n')}`);
      }
    }
  }, 600_000);
});
