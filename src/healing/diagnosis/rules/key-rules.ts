import { certain, likely, opening, type Rule } from './rule';

const HEADER =
  'A key or header is empty or has a line break: correct the variable that it comes from, then spawn the agent.';
/** Name of a variable that holds a key. */
const KEY = String.raw`\b[A-Z][A-Z0-9_]{0,60}(?:_(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)|APIKEY|TOKEN)(?:_ID)?\b`;

/** Keys that are missing, empty or malformed. */
export const KEY_RULES: readonly Rule[] = [
  // A key that is empty or malformed reaches no server: clients call that a connection error.
  certain(
    'credentials',
    'python-header',
    /\bIllegal header value\b|\bexceptions\.InvalidHeader: |\bHeader value must be str or bytes\b|\bInvalid header value b'Bearer/,
    { advice: HEADER },
  ),
  certain(
    'credentials',
    'node-header',
    /\bERR_INVALID_CHAR\b|\bInvalid character in header content \["(?:[Aa]uthorization|[Xx]-)|\bis not a legal HTTP header value\b|\bHeaders\.(?:append|set): "(?:Bearer|Basic) [^"]{0,500}$|\bHeaders\.(?:append|set): ".{0,500}" is an invalid header value/,
    { advice: HEADER },
  ),
  certain('credentials', 'go-header', /\bnet\/http: invalid header field value for "(?:Authorization|X-)/, {
    advice: HEADER,
  }),

  // Clients of services
  certain(
    'credentials',
    'sdk-no-key',
    /\bapi_key client option must be set\b|\bMissing credentials\. Please pass (?:an|one of) `?(?:apiKey|api_key)/,
  ),
  certain('credentials', 'anthropic-no-key', /\bCould not resolve authentication method\b/),
  certain('credentials', 'google-no-key', /\bMissing key inputs argument!|\bNo API_KEY or ADC found\b/),
  certain(
    'credentials',
    'langchain-no-key',
    /\bDid not find \w{1,40}_(?:api_key|token), please add an environment variable\b|\bAPI key or Token Provider not found\b/,
  ),
  certain('credentials', 'ai-sdk-no-key', /LoadAPIKeyError\b/),
  certain('credentials', 'litellm-no-key', /\bMissing \w{1,30} API [Kk]ey - A call is being made\b/),
  certain('credentials', 'supabase-no-key', /\bsupabase(?:Key|Url) is required\b|\bsupabase_(?:key|url) is required\b/),
  certain(
    'credentials',
    'bot-no-token',
    /\bYou must pass the token you received from\b|\bTelegram Bot Token not provided\b|\bEmpty token!|\bexpected token to be a str, received NoneType\b|\bEither a token or authorization options must be provided\b|\bToken is invalid! It must be 'str' type\b/i,
  ),
  certain(
    'credentials',
    'client-no-key',
    /\bCredentials are required to create a TwilioClient\b|\bhaven't specified an A(?:pi|PI)[- ][Kk]ey\b|\bMissingAPIKeyError\b|\bLocalTokenNotFoundError\b|\bNeither apiKey nor config\.authenticator provided\b/,
  ),

  // Checks of a program's own
  certain('credentials', 'environment-key', /^KeyError: '[A-Z0-9_]{0,60}(?:KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?)'$/, {
    frame: /\bos(?:\.py)?[">:].{0,30}__getitem__/,
  }),
  certain(
    'credentials',
    'key-variable-missing',
    new RegExp(
      `${KEY}.{0,40}\\b(?:[Ee]nvironment|[Ee]nv|ENV)[ _-][Vv]ar(?:iable)?s?\\b.{0,40}\\b(?:missing|empty|not set|unset|required|not found|undefined|not defined|must be set)\\b`,
    ),
  ),
  certain(
    'credentials',
    'missing-key-variable',
    new RegExp(
      `\\b(?:[Mm]issing|MISSING|[Nn]o|[Ss]et|[Ss]etting|[Pp]rovide|[Rr]equires?|[Nn]eeds?|not find|[Uu]ndefined)\\b[^'"]{0,60}[ '"\`:(]${KEY}`,
    ),
  ),
  certain(
    'credentials',
    'key-not-set',
    new RegExp(
      `${KEY}['"\`]?:? (?:\\w{1,20} ){0,3}?(?:not set|not defined|missing|empty|[Rr]equired|undefined|must be set|not provided|not configured|unset|not found|invalid|is None)\\b`,
    ),
  ),
  certain(
    'credentials',
    'api-key-missing',
    /\b(?:API|api|Api)[-_ ]?[Kk]ey (?:(?:is|was|has) )?(?:missing|empty|not (?:set|provided|configured|found)|required|must be (?:set|provided))\b|\bAPI key must be (?:set|provided)\b/,
  ),
  certain(
    'credentials',
    'no-api-key',
    /\b(?:[Nn]o|[Mm]issing|[Ww]ithout an?) (?:\w{1,20} )?(?:API[-_ ]?[Kk]ey|api[-_ ]?key|(?:[Bb]ot|[Aa]ccess|[Aa]uth)[-_ ]?[Tt]oken)\b(?: (?:found|provided|given|set|configured|was|were|in)\b|$|[.,!])|\b[Yy]ou did(?:n't| not) provide an API key\b/,
  ),
  // A service may say this to a user of its own, too.
  likely(
    'credentials',
    'key-words',
    opening(
      /(?:No (?:\w{1,20} )?token (?:found|provided|given|set)\b|[Pp]lease provide (?:an?|your) (?:\w{1,20} )?API key\b)/,
    ),
  ),
];
