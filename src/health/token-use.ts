/** What an agent has used of its tokens. Times are wall clock, epoch milliseconds: it is kept over our restarts. */
export interface TokenUse {
  /** The counter of the present process, as it last told it. */
  readonly counter: { readonly incarnation: string | null; readonly value: number } | null;
  /** Increases, by the minute in which they were told, oldest first. */
  readonly buckets: readonly { readonly at: number; readonly tokens: number }[];
}

const BUCKET_MS = 60_000;
/** The longest window that a policy may have is a year; so many buckets are kept at most, the oldest ones joined. */
const MOST_BUCKETS = 2_000;

export const NO_TOKENS: TokenUse = { counter: null, buckets: [] };

/** A counter was told: what counts is its increase; a lower value, or another process, begins a new one, counted whole. */
export function withCounter(
  use: TokenUse,
  told: { readonly incarnation: string | null; readonly value: number },
  now: number,
  windowMs: number,
): TokenUse {
  const { counter } = use;
  const goesOn = counter !== null && counter.incarnation === told.incarnation && told.value >= counter.value;
  const tokens = goesOn ? told.value - counter.value : told.value;
  if (tokens === 0 && goesOn) return use;
  const at = Math.floor(now / BUCKET_MS) * BUCKET_MS;
  const kept = use.buckets.filter((bucket) => bucket.at > now - windowMs - BUCKET_MS);
  const last = kept.at(-1);
  const buckets =
    last?.at === at
      ? [...kept.slice(0, -1), { at, tokens: last.tokens + tokens }]
      : [...kept, ...(tokens === 0 ? [] : [{ at, tokens }])];
  return { counter: told, buckets: joined(buckets) };
}

/** Tokens used within the window that ends now. */
export function usedWithin({ buckets }: TokenUse, now: number, windowMs: number): number {
  return buckets.reduce((sum, { at, tokens }) => (at > now - windowMs ? sum + tokens : sum), 0);
}

/** A new budget: what was used counts no more, what the counter says from now on does. */
export function withNewBudget({ counter }: TokenUse): TokenUse {
  return { counter, buckets: [] };
}

function joined(buckets: TokenUse['buckets']): TokenUse['buckets'] {
  if (buckets.length <= MOST_BUCKETS) return buckets;
  const [first, second, ...others] = buckets;
  if (first === undefined || second === undefined) return buckets;
  return [{ at: second.at, tokens: first.tokens + second.tokens }, ...others];
}
