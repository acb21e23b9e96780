import { isProblem, isSettledWithin, messageOf, Problem, type Clock } from '../kernel';

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

/** How long whoever asked for a commit that nobody answered waits to hear what became of it. */
export interface Patience {
  readonly clock: Clock;
  readonly limitMs: number;
}

/**
 * Returns where it was committed.
 *
 * @param lost what its engine was lost by
 * @throws `lost` where nothing was saved; {@link CommitInDoubt} where that is not known in time
 */
export async function learnOutcome(
  outcome: Promise<boolean>,
  lost: Error,
  { clock, limitMs }: Patience,
): Promise<void> {
  if (!(await isSettledWithin(clock, outcome, limitMs))) throw new CommitInDoubt(lost.message, outcome);
  if (!(await outcome)) throw lost;
}

/** What a caller is told of a failure of the database: that nothing was saved, or that nobody knows. */
export function unavailable(error: unknown): Problem {
  const what = `The database failed: ${messageOf(error)}.`;
  const detail =
    error instanceof CommitInDoubt
      ? `${what} Whether the change was saved is not known yet; if it was, it is taken back. Look before you repeat it.`
      : `${what} Try again soon.`;
  return new Problem('database-unavailable', detail, { cause: error });
}
