// Measures the decision of a route with 500 registered agents against 5. In both, the same 5 agents are able and usable.
import { median } from './lib/bench-service.mjs';
import { measureInJest } from './lib/measure-in-jest.mjs';

const ROUNDS = 21;

export function run() {
  const { few, many, decisions } = measureInJest('route', ROUNDS);
  const [small, large] = [few, many].map(({ times }) => median(times));
  // Both sides of a round run within a tenth of a second, so that other load on the machine affects both.
  const ratio = median(many.times.map((time, round) => time / few.times[round]));
  const title = `A route decision, in process (median of the p50 of ${ROUNDS} alternating rounds of ${decisions})`;
  return {
    title,
    rows: [
      [`p50 with ${few.agents} agents`, `${Math.round(small)} µs`],
      [`p50 with ${many.agents} agents`, `${Math.round(large)} µs`],
      [`${many.agents} agents against ${few.agents}`, `${ratio.toFixed(2)} x (median of the rounds)`],
    ],
  };
}
