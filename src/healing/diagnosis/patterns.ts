import type { FailureCause } from '../../kernel';

/** One way in which programs say why they fail. The first that fits decides. */
export interface Pattern {
  readonly cause: FailureCause;
  /** Matched against one line of what the program said last. */
  readonly line: RegExp;
}

/**
 * What fatal errors of Python and Node, and of the libraries that agents use, look like. To teach a new one, add a line:
 * the more special first. No expression may backtrack over long text.
 */
export const PATTERNS: readonly Pattern[] = [
  { cause: 'out-of-memory', line: /JavaScript heap out of memory/ },
  { cause: 'out-of-memory', line: /^(?:numpy\.[\w.]+\.)?(?:MemoryError|_ArrayMemoryError)\b/ },
  { cause: 'missing-dependency', line: /\b(?:ModuleNotFoundError|ImportError): / },
  { cause: 'missing-dependency', line: /Cannot find (?:module|package) '/ },
  { cause: 'missing-dependency', line: /\bERR_MODULE_NOT_FOUND\b/ },
  { cause: 'missing-dependency', line: /: (?:command )?not found$/ },
  { cause: 'missing-dependency', line: /error while loading shared libraries/ },
  { cause: 'port-in-use', line: /\bEADDRINUSE\b/ },
  { cause: 'port-in-use', line: /\[Errno (?:98|48)\]/ },
  { cause: 'port-in-use', line: /[Aa]ddress already in use/ },
  { cause: 'rate-limited', line: /\bRateLimitError\b/ },
  { cause: 'rate-limited', line: /\b(?:status(?: code)?:? ?|HTTP(?:\/1\.1)? (?:Error )?|Error code: )429\b/i },
  { cause: 'rate-limited', line: /\bToo Many Requests\b/i },
  { cause: 'rate-limited', line: /\brate[_ ]limit(?:_error| exceeded| reached)/i },
  { cause: 'credentials', line: /\b(?:AuthenticationError|PermissionDeniedError|NoCredentialsError)\b/ },
  { cause: 'credentials', line: /\b(?:invalid|incorrect|missing|expired)[_ ](?:x[-_])?api[-_ ]?key\b/i },
  {
    cause: 'credentials',
    line: /\bapi[_ ]?key\b.{0,80}\b(?:must be set|is not set|not provided|is missing|required)\b/i,
  },
  { cause: 'credentials', line: /\b(?:status(?: code)?:? ?|HTTP(?:\/1\.1)? (?:Error )?|Error code: )40[13]\b/i },
  {
    cause: 'credentials',
    line: /\b(?:KeyError: '|Missing (?:required )?environment variable:? ?'?)[A-Z0-9_]*(?:KEY|TOKEN|SECRET)\b/,
  },
  { cause: 'network', line: /\b(?:ECONNREFUSED|ENOTFOUND|ETIMEDOUT|EAI_AGAIN|ECONNRESET|ENETUNREACH|EHOSTUNREACH)\b/ },
  { cause: 'network', line: /\b(?:ConnectionRefusedError|ConnectionResetError|ConnectionAbortedError)\b/ },
  { cause: 'network', line: /\b(?:gaierror|NewConnectionError|MaxRetryError|APIConnectionError|APITimeoutError)\b/ },
  {
    cause: 'network',
    line: /\b(?:httpx|httpcore|requests\.exceptions|aiohttp[\w.]*)\.(?:Connect|Read|Write|Pool|Client)?(?:ion)?(?:Connector)?(?:Error|Timeout)\b/,
  },
  { cause: 'network', line: /\bUND_ERR_(?:CONNECT_TIMEOUT|SOCKET)\b|\bTypeError: fetch failed\b/ },
  { cause: 'configuration', line: /^KeyError: '[A-Z][A-Z0-9_]+'$/ },
  { cause: 'configuration', line: /\b(?:pydantic[\w.]*|pydantic_settings[\w.]*)\.\w*(?:Settings|Validation)Error\b/ },
  { cause: 'configuration', line: /\b(?:yaml\.\w*\.?\w*Error|toml\w*\.\w*DecodeError|configparser\.\w+Error)\b/ },
  { cause: 'configuration', line: /\bMissing (?:required )?environment variable\b/i },
  {
    cause: 'configuration',
    line: /: error: (?:the following arguments are required|unrecognized arguments|argument )/,
  },
  { cause: 'configuration', line: /: Permission denied$/ },
];

export function causeOfLine(line: string): FailureCause | null {
  return PATTERNS.find((pattern) => pattern.line.test(line))?.cause ?? null;
}
