import { isPlaceholder, looksLikePassword, looksRandom } from './looks-secret';
import { findPemKeys } from './pem';
import { MASK, type Span } from './spans';

interface KnownForm {
  readonly name: string;
  /**
   * Group 1 is kept and never empty, the rest of the match is masked. Invariant for linear time: a repetition without a limit is the
   * last part, so that nothing after it can fail and make it try again.
   */
  readonly pattern: RegExp;
  /** Decides by the masked part, and by the character after it. Missing: every match is a secret. */
  readonly accepts?: (secret: string, next: string) => boolean;
}

/**
 * Where a key may begin: not inside a word, and not after a mask, so that masking twice equals masking once. Words end
 * before escapes of JSON and URLs (`\n`, `%3D`), and colors of a terminal.
 */
const BEGIN = String.raw`(?:(?<![A-Za-z0-9_]|\*{3})|(?<=\\[nrt]|%[0-9A-Fa-f]{2}|\u001b\[[0-9;]{0,12}m))`;

/** Builds the row of keys with a prefix, which is kept: it names the provider, and is public. */
function prefixed(name: string, prefix: string, body: string, accepts?: KnownForm['accepts']): KnownForm {
  const pattern = new RegExp(`(${prefix})(?<=${BEGIN}(?:${prefix}))${body}`, 'g');
  return accepts === undefined ? { name, pattern } : { name, pattern, accepts };
}

/** Prefixes of further providers. They are short, so that what follows must look random too. */
const OTHER_PREFIXES = [
  ...['gsk_', 'xai-', 'pplx-', 'r8_', 'tvly-', 'pcsk_', 'nvapi-', 'lsv2_(?:pt|sk)_', 'dapi', 'dop_v1_', 'ntn_'],
  ...['lin_api_', 'figd_', 'shp(?:at|ca|pa|ss)_', 'glsa_', 'hvs\\.', 'PMAK-', 'sntrys_', 'tskey-', 'ATATT3', 'xapp-'],
].join('|');

const KEYS: readonly KnownForm[] = [
  prefixed('OpenAI, Anthropic and compatible', 'sk-(?:(?:proj|svcacct|admin|ant|or|lf)-)?', '[\\w-]{16,}', hasKeyRun),
  prefixed('GitHub', 'gh[pousr]_|github_pat_', '[A-Za-z0-9_]{20,}'),
  prefixed('GitLab', 'gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent)-', '[\\w-]{20,}'),
  prefixed('AWS access key id', 'A(?:KI|SI)A', '[A-Z0-9]{16}(?![A-Za-z0-9_]|\\*{3})'),
  prefixed('Google API key', 'AIza', '[\\w-]{30,}'),
  prefixed('Google OAuth', 'ya29\\.|GOCSPX-|1//0', '[\\w.-]{20,}'),
  prefixed('Slack', 'xox[abceoprs]-', '[\\w-]{10,}'),
  prefixed('Slack webhook', 'hooks\\.slack\\.com/(?:services|workflows)/', '[\\w/]{20,}'),
  prefixed('Discord webhook', 'discord(?:app)?\\.com/api/webhooks/\\d{5,25}/', '[\\w-]{20,}'),
  prefixed('Discord', '[MNO]', '[\\w-]{23,27}\\.[\\w-]{6,7}\\.[\\w-]{27,}', looksRandom),
  { name: 'Telegram', pattern: /(?<!\d)(\d{6,12}(?::|%3A))[\w-]{33,}/gi, accepts: isMixedCaseKey },
  prefixed('Stripe', '[sr]k_(?:live|test)_|whsec_', '[A-Za-z0-9+/=]{10,}'),
  prefixed('Hugging Face', 'hf_|api_org_', '[A-Za-z0-9]{30,}'),
  prefixed('npm', 'npm_', '[A-Za-z0-9]{30,}'),
  prefixed('PyPI', 'pypi-', '[\\w-]{50,}', looksRandom),
  prefixed('SendGrid', 'SG\\.', '[\\w-]{16,64}\\.[\\w-]{16,}'),
  prefixed('Twilio', 'SK', '[0-9a-f]{32}(?![A-Za-z0-9_]|\\*{3})'),
  prefixed('Supabase', 'sbp_|sb_secret_', '[\\w-]{20,}'),
  prefixed('agent-spawner, of a run', 'agt1\\.', '[a-z0-9-]{1,63}\\.[0-9a-f-]{36}\\.[\\w-]{43}'),
  prefixed('other providers', OTHER_PREFIXES, '[\\w-]{16,}', looksRandom),
  prefixed('JSON Web Token', 'eyJ', '[\\w-]{8,}(?:\\.[\\w-]*){0,4}', (token) => /\.[\w-]/.test(token)),
];

// eslint-disable-next-line no-control-regex -- bytes that are no text
const UNREADABLE = /[\u0000-\u001f\u007f\ufffd]/;

/**
 * Passwords in a URL, up to the last `@` before the path. A `/` in a password is found unless it follows a port. Linear
 * although `@` follows repetitions: they end at a `/`, and each start needs one.
 */
const URL_PASSWORD =
  /(:\\?\/\\?\/(?:(?!\*{3})[^\s:/@?#"'<>[\]\\]){0,128}:)(?!\d{1,5}[/?#])(?:[^\s"'<>/]+(?=@)|[^\s"'<>]{0,256}?\/[^\s"'<>/]*(?=@))/g;

const HEADERS: readonly KnownForm[] = [
  { name: 'password in a URL', pattern: URL_PASSWORD, accepts: (password) => !password.includes(MASK) },
  { name: 'user in a URL', pattern: /(:\/\/)[\w-]{20,256}(?=@)/g, accepts: looksRandom },
  { name: 'bearer token', pattern: /(\bbearer[ \t]{1,4})[\w.~+/=-]{8,}/gi, accepts: looksRandom },
  { name: 'basic credentials', pattern: /(\bbasic[ \t]{1,4})[\w+/=-]{8,}/gi, accepts: isUserAndPassword },
  {
    name: 'Authorization header',
    pattern:
      /(authorization\\{0,4}["']?[ \t]{0,4}[:=,][ \t]{0,4}\\{0,4}["'`]?(?:bearer|basic|token|apikey|bot)[ \t]{1,4})[^\s"'`\\,;]{6,}/gi,
    accepts: (token) => !isPlaceholder(token) && (token.length >= 16 || looksLikePassword(token)),
  },
];

/** Names of passwords. Their values need not look random. */
const PASSWORD_NAME = 'pass(?:word|wd|phrase|code)|pwd';
const KEY_NAME =
  '(?:api|access|secret|private|account|encryption|signing|master|auth)[ _-]?key|secret|token|authorization|credentials?|cookie|signature|\\bsig';

/** Builds the row of `name=value`, `name: value`, `"name": "value"` and `--name value`. */
function assigned(name: string, names: string, accepts: (value: string) => boolean): KnownForm {
  const separator = String.raw`(?:[ \t]{0,4}(?:=>|:=|={1,3}|:)[ \t]{0,4}|(?<=--[\w-]{1,40})[ \t]{1,2})`;
  const key = String.raw`(?:${names})\\{0,4}["']?${separator}\\{0,4}["'${'`'}]?`;
  // A quoted value may contain what ends any other value.
  const value = String.raw`(?:(?<=["'${'`'}])[^\s"'${'`'}\\]{6,}|[^\s"'${'`'}\\,;&<>(){}[\]|]{6,})`;
  // A value before a bracket is a call or an index in a line of code.
  const isValue = (text: string, next: string) => next !== '(' && next !== '[' && accepts(text);
  return { name, pattern: new RegExp(`(${key})${value}`, 'gi'), accepts: isValue };
}

const FORMS: readonly KnownForm[] = [
  ...KEYS,
  ...HEADERS,
  assigned('password', PASSWORD_NAME, looksLikePassword),
  assigned('key or token', KEY_NAME, looksRandom),
];

/** Finds texts that have the form of a well-known key. Spans leave out the prefix that may be shown. */
export function findKnownForms(text: string): Span[] {
  return [...FORMS.flatMap((form) => findForm(text, form)), ...findPemKeys(text)].filter(
    ({ start, end }) => start < end,
  );
}

/** Longest name with its separator. A refused value may end with the name of the next one: `secret: token: ...`. */
const LONGEST_NAME = 48;

function findForm(text: string, { pattern, accepts }: KnownForm): Span[] {
  const spans: Span[] = [];
  const search = new RegExp(pattern);
  for (let match = search.exec(text); match !== null; match = search.exec(text)) {
    const [start, end] = [match.index + (match[1] ?? '').length, search.lastIndex];
    if (accepts === undefined || accepts(text.slice(start, end), text.charAt(end))) spans.push({ start, end });
    else search.lastIndex = Math.max(start, end - LONGEST_NAME);
  }
  return spans;
}

/** Returns true unless it consists of words, as in `sk-learn-pipeline-2`. */
function hasKeyRun(key: string): boolean {
  return /[A-Za-z0-9]{20}/.test(key) || key.split(/[^A-Za-z0-9]+/).some((run) => run.length >= 12 && isMixed(run));
}

function isMixed(run: string): boolean {
  return /\d/.test(run) && /[A-Za-z]/.test(run);
}

/** Returns true unless it is a hash after a time, as `git log` prints. */
function isMixedCaseKey(key: string): boolean {
  return /[A-Z]/.test(key) && /[a-z]/.test(key) && looksRandom(key);
}

/** Returns true if it is `user:password` in base64. Words after "basic" are not. */
function isUserAndPassword(credentials: string): boolean {
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  return text.includes(':') && !UNREADABLE.test(text);
}
