import { COMMAND_GUARDS } from './removed-guards/command-guards';
import { HEALING_GUARDS } from './removed-guards/healing-guards';
import { PERSISTENCE_GUARDS } from './removed-guards/persistence-guards';
import { PROCESS_GUARDS } from './removed-guards/process-guards';
import { simulate } from './simulate';

const SEEDS = 2_000;
const GUARDS = [...COMMAND_GUARDS, ...PROCESS_GUARDS, ...PERSISTENCE_GUARDS, ...HEALING_GUARDS];

describe('each of these prevents what the others do not', () => {
  it.each(GUARDS.map((guard) => [guard.name, guard] as const))(
    'without %s a seed fails that passes with it',
    async (name, { firstSeed = 1, load }) => {
      const play = load();
      for (let seed = firstSeed; seed < firstSeed + SEEDS; seed += 1) {
        const { violations } = await play(seed);
        if (violations.length === 0) continue;
        process.stdout.write(`without ${name}: seed ${seed}: ${violations.join('; ')}\n`);
        expect((await simulate(seed)).violations).toEqual([]);
        return;
      }
      throw new Error(`without ${name} none of ${SEEDS} seeds failed`);
    },
    300_000,
  );
});
