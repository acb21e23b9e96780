import { createInterface } from 'node:readline/promises';
import { readChoice } from './choice';

const MAX_TRIES = 3;

/** Streams of a terminal. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

/**
 * Asks which of the numbered programs to register.
 *
 * @returns indexes from 0; empty if the operator chose none, closed the input, or gave three unclear answers
 */
export async function askChoice(count: number, { input, output }: Terminal): Promise<readonly number[]> {
  const lines = createInterface({ input, output, terminal: false });
  try {
    const answers = lines[Symbol.asyncIterator]();
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      output.write(`Register which? Numbers such as 1,3 or 1-3, a for all, Enter for none: `);
      const { value, done } = (await answers.next()) as { value: string; done: boolean };
      if (done) return [];
      const choice = readChoice(value, count);
      if (choice.kind === 'chosen') return choice.indexes;
      output.write(`${choice.why}\n`);
    }
    return [];
  } finally {
    lines.close();
  }
}
