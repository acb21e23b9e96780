import type { Certainty, FailureCause } from '../../../kernel';

/** One way in which an ecosystem says why a program fails: a row of the table. */
export interface Rule {
  /** Stable name, shown by `GET /api/agents/:id/diagnosis`. */
  readonly name: string;
  readonly cause: FailureCause;
  /**
   * `certain`: no restart can cure a program that prints this, so that the agent is halted at once. `likely`: the
   * agent is halted when two runs in a row end by this cause. Of no effect for causes that a restart may cure.
   */
  readonly certainty: Certainty;
  /** Matched against single lines of what the program printed. Must not backtrack over long lines. */
  readonly line: RegExp;
  /** If given, a frame of the error's stack must match too. */
  readonly frame?: RegExp;
  /** True if the line says only that something failed. A more telling line of the error's causes decides then. */
  readonly isGeneric?: true;
  /** Replaces the cause's own advice. */
  readonly advice?: string;
}

type RuleFacts = Omit<Rule, 'name' | 'cause' | 'certainty' | 'line'>;

export function certain(cause: FailureCause, name: string, line: RegExp, facts: RuleFacts = {}): Rule {
  return { name, cause, certainty: 'certain', line, ...facts };
}

export function likely(cause: FailureCause, name: string, line: RegExp, facts: RuleFacts = {}): Rule {
  return { name, cause, certainty: 'likely', line, ...facts };
}

/**
 * Matches a phrase only where a statement begins: at the start of a line, or after the name of an error and a colon.
 * The same phrase inside a sentence or a quotation does not match, as it may be data.
 */
export function opening(phrase: RegExp): RegExp {
  return new RegExp(`(?:^[^\\w"'\`]{0,4}|[:!] )(?:${phrase.source})`, phrase.flags);
}
