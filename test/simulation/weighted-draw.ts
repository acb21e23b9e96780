/** Choices, each with its weight. */
export type Weighted<T> = readonly (readonly [weight: number, choice: T])[];

/** Draws one choice by its weight. @param draw draws a number from 0 to less than its argument */
export function drawWeighted<T>(choices: Weighted<T>, draw: (below: number) => number): T {
  let left = draw(choices.reduce((sum, [weight]) => sum + weight, 0));
  const [, choice] = choices.find(([weight]) => (left -= weight) < 0) ?? choices[0]!;
  return choice;
}
