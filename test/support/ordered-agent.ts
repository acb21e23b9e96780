import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { until } from './until';

/** Sample agents and the helpers that users copy. */
export const EXAMPLES = path.resolve(__dirname, '../../examples/agents');
const PROGRAMS = path.resolve(__dirname, '../fixtures/helpers');

/** Languages for which a helper exists. */
export const LANGUAGES = ['py', 'mjs'] as const;
export type Language = (typeof LANGUAGES)[number];

export const HELPER_FILES: Readonly<Record<Language, string>> = { py: 'agent_spawner.py', mjs: 'agent-spawner.mjs' };

/** What an agent that uses a helper knows about itself. */
export interface HelperState {
  readonly status: string;
  readonly message: string;
  readonly task: string | null;
  readonly busy: boolean;
  readonly progress: number;
  readonly tokensUsed: number;
  readonly endpoint?: string | null;
  readonly healthUrl?: string | null;
}

export type Outcome = readonly [result: unknown, state: HelperState];

/** The side of a test that gives orders to a program in test/fixtures/helpers. */
export interface Orders {
  /** Path of the program. */
  readonly program: string;
  /** Arguments of the program. */
  readonly args: readonly [string, string];
  /** Gives the orders, and waits until all are carried out. Returns the outcome of each. */
  give(...orders: readonly (readonly unknown[])[]): Promise<Outcome[]>;
  /** Gives an order without waiting for it. */
  send(order: readonly unknown[]): void;
}

/** Creates the files through which a program gets its orders. */
export function makeOrders(folder: string, name: string, language: Language): Orders {
  const files = [path.join(folder, `${name}.orders`), path.join(folder, `${name}.results`)] as const;
  for (const file of files) writeFileSync(file, '');
  const send = (order: readonly unknown[]) => {
    appendFileSync(files[0], `${JSON.stringify(order)}\n`);
  };
  const results = () => {
    const lines = readFileSync(files[1], 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Outcome);
  };
  return {
    program: path.join(PROGRAMS, `follows_orders.${language}`),
    args: files,
    send,
    give: async (...orders) => {
      const before = results().length;
      orders.forEach(send);
      const seen = () => results().slice(before);
      return until(
        () => (seen().length >= orders.length ? seen() : null),
        () => `${name} has carried out ${JSON.stringify(orders)}; so far: ${JSON.stringify(seen())}`,
      );
    },
  };
}
