import type { Failure } from './failure';

/** What an answer of the project gives, or what is wrong. */
export type Answer<T> = { readonly kind: 'done'; readonly value: T } | Failure;

/** The project does not take or give more now; what is not settled is sent again. */
export class MirrorStopped extends Error {
  constructor(
    readonly failure: Failure,
    readonly table: string,
  ) {
    super(failure.error);
    this.name = 'MirrorStopped';
  }
}

/** @throws MirrorStopped */
export function required<T>(answer: Answer<T>, table: string): T {
  if (answer.kind !== 'done') throw new MirrorStopped(answer, table);
  return answer.value;
}
