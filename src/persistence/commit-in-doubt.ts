import { isProblem } from '../kernel';

/** The engine was lost in the middle of a commit, and is not open again: nobody knows yet what became of it. */
export class CommitInDoubt extends Error {
  constructor(
    why: string,
    /** Whether it was committed; resolves once the engine is open again. */
    readonly outcome: Promise<boolean>,
  ) {
    super(why);
    this.name = 'CommitInDoubt';
  }
}

/** The doubt that a refused change was left in; null: nothing of it was saved. */
export function doubtOf(error: unknown): CommitInDoubt | null {
  return isProblem(error, 'database-unavailable') && error.cause instanceof CommitInDoubt ? error.cause : null;
}
