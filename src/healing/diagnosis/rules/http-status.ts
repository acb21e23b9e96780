/** `HTTP/1.1 429`, `HTTP 429`, `HTTP Error 429`. */
const PROTOCOL = String.raw`\b(?:HTTP|http)(?:\/\d(?:\.\d)?)?(?: (?:[Ss]tatus|[Ee]rror|[Cc]ode|[Rr]esponse)){0,2}:? {1,2}`;
/** `status 429`, `status_code=429`, `httpStatusCode: 429`, `"status":429`, `status of 429`. */
const STATUS = String.raw`(?:[Ss]tatus|STATUS)(?:[ _-]?[Cc]ode)?['"]?(?: is| was| of)?[ :=]{1,3}['"]?`;
/** `Error code: 429`, `response code 429`, `failed with code 429`, `indicate success: 429`. */
const CODE = String.raw`\b(?:[Ee]rror[ _-]?|[Rr]esponse[ _-]?|http[ _-]?|HTTP[ _-]?|with )[Cc]ode['"]?[ :=]{1,3}['"]?|\bindicate success: `;
/** `code: 429` as a member of an object. Alone in a sentence, the word says nothing: a promotion has a code too. */
const MEMBER = String.raw`(?:^|[{,(] ?)['"]?code['"]?[:=] ?['"]?`;
/** `got 429`, `responded with a 429`, `API Error: 429`, `OpenAI API 429`, `failed: 429`. */
const ANSWERED = String.raw`\b(?:got|received|returned|responded|replied|answered|[Rr]esponse|API|[Ee]rror|failed)(?: with)?(?: an?)?(?: error)?:? `;
/** `RateLimitError: 429`, `TelegramError [E]: 429`, `ResourceExhausted: 429`; not `KeyError: 429`. */
const CLASS = String.raw`(?:(?<!\b(?:Key|Value|Index|Lookup|Type|Assertion))Error|Exception|Exhausted|Unavailable|TooManyRequests|Unauthorized|Unauthenticated|Overloaded)(?: \[\w{1,40}\])?: `;
/** `(429)`, `[429 Too Many Requests]`, `<Response [429]>`, `ApiError(429)`; not `items[429]`. */
const BRACKET = String.raw`(?:^|[\s:]|(?:[Ee]rror|Exception|[Rr]esponse))[(\[]`;
/** Words that follow a status in prose. Any other word is what a number counts. */
const PROSE = 'and|at|after|by|code|during|error|for|from|in|on|response|status|to|when|while|with';
/** `429 Too Many Requests`, `503 UNAVAILABLE`, `401 Client Error`. */
const REASONS =
  'Too Many Requests|Unauthorized|Payment Required|Proxy Authentication|Internal Server Error|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out|Site is overloaded|(?:Client|Server) Error|RESOURCE_EXHAUSTED|UNAUTHENTICATED|UNAVAILABLE|INTERNAL|DEADLINE_EXCEEDED';

/**
 * Matches an HTTP status in any of its spellings.
 *
 * @param codes alternatives of a regular expression, such as `429` or `50[024]`
 */
export function httpStatus(codes: string): RegExp {
  const end = String.raw`(?![\w%/]|[.,:-]\d)`;
  const noCount = String.raw`(?! (?!(?:${PROSE})\b)[a-z])`;
  const named = `(?:${PROTOCOL}|${STATUS}|${CODE}|${MEMBER})(?:${codes})${end}`;
  const bare = `(?:${ANSWERED}|${CLASS}|${BRACKET})(?:HTTP )?\\(?(?:${codes})${end}${noCount}`;
  const reasoned = String.raw`(?<![\w.:-])(?:${codes})[:,]? \(?(?:${REASONS})\b`;
  return new RegExp(`${named}|${bare}|${reasoned}`);
}
