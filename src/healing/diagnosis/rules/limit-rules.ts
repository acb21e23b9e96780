import { httpStatus } from './http-status';
import { certain, likely, type Rule } from './rule';

const MONEY =
  'The account has no credit left, or reached its spending limit: add credit or raise the limit, then spawn it.';
const SAME_BOT =
  'Another instance polls with the same token: stop it, or give this agent a token of its own; it is started again after a pause.';

/** Limits, overload and spent money, as model providers, bots and other services report them. */
export const LIMIT_RULES: readonly Rule[] = [
  // Gemini words a limit for requests in a minute like spent money, so that this row comes first.
  certain(
    'rate-limited',
    'gemini-limit',
    /\bRESOURCE_EXHAUSTED\b|\bResourceExhausted\b|\bgenerativelanguage\.googleapis\.com\b.{0,200}\b429\b|\bai\.google\.dev\/gemini-api\/docs\/rate-limits\b|\bRateLimitError: .{0,40}\b(?:VertexAI|Gemini)\w{0,20}Exception\b/,
  ),

  // Spent money. Providers say it with 400, 402, 403 or 429, so that these rows come before the statuses.
  certain(
    'credentials',
    'openai-quota',
    /\binsufficient_quota\b|\bYou exceeded your current quota, please check your plan\b/,
    { advice: MONEY },
  ),
  certain(
    'credentials',
    'openai-billing',
    /\bbilling_(?:hard_limit_reached|not_active)\b|\b[Bb]illing hard limit has been reached\b|\bplease check your billing details on our website\b/,
    { advice: MONEY },
  ),
  certain('credentials', 'anthropic-credit', /\b[Cc]redit balance is too low\b/, { advice: MONEY }),
  certain('credentials', 'anthropic-usage-limit', /\breached your specified (?:API|workspace) usage limits?\b/, {
    advice: MONEY,
  }),
  certain(
    'credentials',
    'openrouter-credits',
    /\bInsufficient credits\b|\b[Mm]ore credits are required\b|\bcan only afford 0\b/,
    { advice: MONEY },
  ),
  // A smaller request may still be paid for.
  likely('credentials', 'openrouter-request', /\brequires more credits\b/, { advice: MONEY }),
  certain(
    'credentials',
    'other-credits',
    /\bexceeded your monthly included credits\b|\binsufficient credit to run this\b|\bused all available credits or reached its monthly spending limit\b|\b(?:monthly )?spending limit (?:has been )?(?:exceeded|reached)\b|\bError code: 402\b/,
    { advice: MONEY },
  ),
  certain('credentials', 'google-billing', /\brequires billing to be enabled\b|\bBILLING_DISABLED\b/, {
    advice: MONEY,
  }),
  likely('credentials', 'account-suspended', /\baccount\b.{0,60}\b(?:is|was|has been) suspended\b/i, {
    advice: MONEY,
  }),
  likely('credentials', 'http-402', httpStatus('402'), { advice: MONEY }),

  // Overload
  certain('rate-limited', 'anthropic-overloaded', /\boverloaded_error\b|\bOverloadedError\b|^Overloaded$/),
  certain(
    'rate-limited',
    'model-overloaded',
    /\b(?:[Mm]odel|[Ss]erver|[Ss]ervice|[Ee]ngine) (?:is )?(?:currently |temporarily )?overloaded\b|\bmodel is at capacity\b|\bService tier capacity exceeded\b/,
  ),

  // Limits
  certain('rate-limited', 'telegram-conflict', /\bterminated by other getUpdates request\b/, { advice: SAME_BOT }),
  certain(
    'rate-limited',
    'telegram-flood',
    /\bFlood control exceeded\b|\bFloodWait\w{0,20}\b|\b(?:Telegram)?RetryAfter(?:Error)?: /,
  ),
  certain(
    'rate-limited',
    'coding-agent-limit',
    /\b(?:hit|reached|exceeded) your (?:session|usage|weekly|daily|hourly|5-hour) limit\b|\b(?:session|usage|weekly|5-hour) limit reached\b|\bhit your limit\b|\breached your daily quota limit\b/i,
  ),
  certain(
    'rate-limited',
    'aws-throttling',
    /\b[Tt]hrottling(?:Exception|Error)?\b|\bThrottledException\b|\b(?:RequestLimitExceeded|ProvisionedThroughputExceeded\w{0,20}|SlowDown|TooManyRequestsException)\b/,
  ),
  certain(
    'rate-limited',
    'google-quota',
    /\b(?:quotaExceeded|dailyLimitExceeded|rateLimitExceeded|userRateLimitExceeded|RATE_LIMIT_EXCEEDED)\b/,
  ),
  certain(
    'rate-limited',
    'slack-limit',
    /'error': 'ratelimited'|\berror: 'ratelimited'|\bA rate-limit has been reached\b/,
  ),
  certain('rate-limited', 'rate-limit-code', /\brate_limit(?:ed|_error|_exceeded|_reached)\b/),
  certain(
    'rate-limited',
    'rate-limit-error',
    /\b(?:RateLimit|TooManyRequests)\w{0,20}(?:Error|Exception)\b|\bRateLimited\b/,
  ),
  certain(
    'rate-limited',
    'rate-limit-words',
    /\brate[- ]?limit(?:s|ed)? (?:was |is |has been )?(?:exceeded|reached|hit)\b|\b(?:exceeded|hit|reached|exceed)\b.{0,40}\brate[- ]limits?\b|\brate[- ]limited\b|\btoo many requests\b/i,
  ),
  certain('rate-limited', 'http-429', httpStatus('429')),
  certain('rate-limited', 'http-529', httpStatus('529')),
  certain('rate-limited', 'http-503', httpStatus('503')),
];
