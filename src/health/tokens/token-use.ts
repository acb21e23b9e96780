import { isSameProcess } from '../watch-target';

/**
 * Token use of one agent. Times are wall clock in epoch milliseconds, because it is kept across restarts of the
 * supervisor.
 */
export interface TokenUse {
  /** Latest counter that the present process reported. */
  readonly counter: { readonly incarnation: string | null; readonly value: number } | null;
  /**
   * Increases, grouped by when they were reported, oldest first. `at`: the latest report of the group, so that no token
   * leaves the window too early.
   */
  readonly buckets: readonly { readonly at: number; readonly tokens: number }[];
}

/** Groups that a window is divided into. A token leaves the window late by at most this part of it. */
const BUCKETS_A_WINDOW = 240;
/** Maximum number of buckets, reached only if the window is changed often; the oldest are merged. */
const MAX_BUCKETS = 2_000;

/** A counter that an agent reported. */
export interface ReportedCount {
  readonly incarnation: string | null;
  readonly value: number;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
}

/**
 * Maximum number of counts that wait while the database is unavailable; the oldest are dropped. Only counts that fell
 * or came from another process accumulate.
 */
const MAX_REPORTS = 1_000;

export const NO_TOKENS: TokenUse = { counter: null, buckets: [] };

/**
 * Adds the increase of a counter to the use. A lower value or another process starts a new counter, which counts in
 * full.
 */
export function withCounter(
  use: TokenUse,
  { incarnation, value }: Pick<ReportedCount, 'incarnation' | 'value'>,
  now: number,
  windowMs: number,
): TokenUse {
  const { counter } = use;
  const isContinued = counter !== null && isSameProcess(counter.incarnation, incarnation) && value >= counter.value;
  const tokens = isContinued ? value - counter.value : value;
  if (tokens === 0 && isContinued && counter.incarnation === incarnation) return use;
  const kept = use.buckets.filter((bucket) => bucket.at > now - windowMs);
  const buckets = tokens === 0 ? kept : mergeOldest(withTokens(kept, tokens, now, windowMs / BUCKETS_A_WINDOW));
  return { counter: { incarnation, value }, buckets };
}

function withTokens(buckets: TokenUse['buckets'], tokens: number, now: number, bucketMs: number): TokenUse['buckets'] {
  const at = Math.floor(now);
  const last = buckets.at(-1);
  if (last === undefined || Math.floor(last.at / bucketMs) !== Math.floor(at / bucketMs))
    return [...buckets, { at, tokens }];
  return [...buckets.slice(0, -1), { at: Math.max(at, last.at), tokens: addTokens(last.tokens, tokens) }];
}

/** Adds counts up to the greatest exact integer. A greater sum could not be saved, and the use would be lost. */
function addTokens(left: number, right: number): number {
  return Math.min(left + right, Number.MAX_SAFE_INTEGER);
}

/** Returns the tokens used within the window that ends at `now`. */
export function tokensWithin({ buckets }: TokenUse, now: number, windowMs: number): number {
  return buckets.reduce((sum, { at, tokens }) => (at > now - windowMs ? addTokens(sum, tokens) : sum), 0);
}

/** Resets the use. The counter is kept, so that only its later increases count. */
export function withNewBudget({ counter }: TokenUse): TokenUse {
  return { counter, buckets: [] };
}

/** Adds a count to the waiting ones. Of a counter that only rises, its first and its last value are enough. */
export function withReport(waiting: readonly ReportedCount[], report: ReportedCount): readonly ReportedCount[] {
  const [first, last] = [waiting.at(-2), waiting.at(-1)];
  if (last !== undefined && isRepeat(last, report)) return waiting;
  // The first value of a counter must stay, because it shows that the counter fell.
  const isBetween = first !== undefined && last !== undefined && hasRisen(first, last) && hasRisen(last, report);
  return [...(isBetween ? waiting.slice(0, -1) : waiting), report].slice(-MAX_REPORTS);
}

function isRepeat(last: ReportedCount, next: ReportedCount): boolean {
  return last.incarnation === next.incarnation && last.value === next.value;
}

function hasRisen(before: ReportedCount, after: ReportedCount): boolean {
  return before.incarnation === after.incarnation && before.value <= after.value;
}

/**
 * Shifts all times so that none is in the future. They were noted while the clock was ahead. Their distances stay, so
 * that each leaves the window in its turn and none counts twice as long.
 */
export function withoutFuture(use: TokenUse, now: number): TokenUse {
  const aheadMs = Math.max(0, ...use.buckets.map(({ at }) => at - now));
  if (aheadMs === 0) return use;
  return { ...use, buckets: use.buckets.map(({ at, tokens }) => ({ at: at - aheadMs, tokens })) };
}

function mergeOldest(buckets: TokenUse['buckets']): TokenUse['buckets'] {
  if (buckets.length <= MAX_BUCKETS) return buckets;
  const [first, second, ...others] = buckets;
  if (first === undefined || second === undefined) return buckets;
  return [{ at: second.at, tokens: addTokens(first.tokens, second.tokens) }, ...others];
}
