import { isProblem, isSettledWithin, messageOf, Problem, type Clock } from '../../kernel';

/** Reports that the engine was lost during a commit and is not open again. The outcome of the commit is unknown. */
export class CommitInDoubt extends Error {
  constructor(
    why: string,
    /** Resolves once the engine is open again, to true if the transaction was committed. */
    readonly outcome: Promise<boolean>,
  ) {
    super(why);
    this.name = 'CommitInDoubt';
  }
}

/** Returns the doubt that a failed change is left in, or null if nothing of it was saved. */
export function doubtOf(error: unknown): CommitInDoubt | null {
  return isProblem(error, 'database-unavailable') && error.cause instanceof CommitInDoubt ? error.cause : null;
}

/** Time to wait for the outcome of an unanswered commit. */
export interface Patience {
  readonly clock: Clock;
  readonly limitMs: number;
}

/**
 * Resolves if the transaction was committed.
 *
 * @param lost error by which its engine was lost
 * @throws `lost` if nothing was saved; {@link CommitInDoubt} if the outcome is not known in time
 */
export async function learnOutcome(
  outcome: Promise<boolean>,
  lost: Error,
  { clock, limitMs }: Patience,
): Promise<void> {
  if (!(await isSettledWithin(clock, outcome, limitMs))) throw new CommitInDoubt(lost.message, outcome);
  if (!(await outcome)) throw lost;
}

/** Builds the caller's error for a database failure. It says that nothing was saved, or that the outcome is unknown. */
export function unavailable(error: unknown): Problem {
  const what = `The database failed: ${messageOf(error)}.`;
  const detail =
    error instanceof CommitInDoubt
      ? `${what} The outcome of the commit is unknown. If it was applied, it will be rolled back. Check before you retry.`
      : `${what} Retry later.`;
  return new Problem('database-unavailable', detail, { cause: error });
}
