import { certain, likely, opening, type Rule } from './rule';

const PERMISSION =
  'Its start command lacks a permission of Deno: add the flag that is named to its script or to args, then spawn it.';
const INTENTS = 'Enable the privileged intents of the bot in the developer portal, or ask for fewer, then spawn it.';
/** Names of files that hold settings. */
const SETTINGS_FILE = String.raw`(?:[^'"]{0,300}\/)?[\w.-]{0,40}(?:config|settings|\.env)[\w.-]{0,40}`;

/** Settings that are missing or wrong, and files of the agent's own that cannot be read. */
export const CONFIGURATION_RULES: readonly Rule[] = [
  // Variables
  certain('configuration', 'environment-variable', /^KeyError: '[A-Za-z_]\w{0,80}'$/, {
    frame: /\bos(?:\.py)?[">:].{0,30}__getitem__/,
  }),
  certain(
    'configuration',
    'go-environment',
    /\benvconfig: |\brequired key [A-Z_]{2,80} missing value\b|\benv: required environment variable/,
  ),
  certain(
    'configuration',
    'missing-variable',
    opening(
      /(?:[Mm]issing|[Rr]equired|[Uu]ndefined|[Uu]nset|[Nn]o|[Ss]et)\b(?: \w{1,20}){0,3} env(?:ironment)?[ _-]var(?:iable)?s?\b/,
    ),
  ),
  certain(
    'configuration',
    'variable-not-set',
    /\b[Ee]nv(?:ironment)?[ _-]var(?:iable)?s?:? ["'`]?[A-Z][A-Z0-9_]{1,80}\b.{0,20}\b(?:missing|not set|not defined|unset|required|undefined|not found|must be set|empty|not present|invalid)\b|\b[Ee]nvironment variable not found: [A-Z]|\b[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){1,8}\b['"`]? (?:environment variable |env var )?(?:is |was |must be )(?:not set|not defined|missing|unset|required|undefined|set|empty)\b/,
  ),
  likely(
    'configuration',
    'variable-words',
    /\benv(?:ironment)?[ _-]var(?:iable)?s?\b.{0,80}\b(?:missing|not set|not defined|unset|undefined|not found|must be set|empty|not present|invalid)\b/i,
  ),
  certain(
    'configuration',
    'settings-library',
    /\bdecouple\.UndefinedValueError\b|\bImproperlyConfigured\b|\bEnvError\b|\bEnv(?:Validation|Missing)Error\b|\bMissingEnvVars?Error\b|\bConfiguration key "[\w.]{1,80}" does not exist\b/,
  ),
  certain('configuration', 'unbound-variable', /: unbound variable$|: parameter (?:null or )?not set$/),
  certain(
    'configuration',
    'invalid-environment',
    opening(
      /(?:Invalid|invalid) (?:or missing )?(?:env(?:ironment)?(?: vars?| variables?)|environment)\b|[Ee]nv(?:ironment)? (?:validation|check) (?:failed|error)/,
    ),
  ),

  // Validation of settings. A class of any other name may be of data, such as the answer of a model.
  certain(
    'configuration',
    'settings-validation',
    /\bvalidation errors? for (?:(?:App|Application|Base|Global|Env|Environment|Bot|Agent|Server|Service|Core|Project)?Settings)$|\bpydantic_settings[\w.]{0,60}\.\w{0,40}Error\b|\bSettingsError\b/,
  ),
  likely(
    'configuration',
    'config-validation',
    /\bvalidation errors? for \w{0,60}(?:Settings|Config|Configuration|Env|Environment)$/,
  ),

  // Files of settings
  certain(
    'configuration',
    'config-invalid',
    opening(
      /(?:[Ii]nvalid|[Mm]alformed) config(?:uration)?(?: file)?(?:$|:)|[Cc]onfig(?:uration)?(?: file)? (?:\S{1,200} )?(?:is )?(?:invalid|malformed)$|[Cc]onfig(?:uration)? validation (?:error|failed)/,
    ),
  ),
  likely(
    'configuration',
    'config-error',
    /\bConfig(?:uration)?(?:Error|Exception|ValidationError)\b|\b(?:invalid|malformed|bad|incorrect|incomplete|unreadable) (?:\w{1,30} )?config(?:uration)?\b|\bconfig(?:uration)? (?:error|failed)\b|\b(?:error|failed to) (?:read|pars|load)(?:ing|e)? (?:the )?(?:\w{1,20} )?config(?:uration)?\b/i,
  ),
  likely(
    'configuration',
    'config-file-missing',
    new RegExp(
      `\\b(?:No such file or directory: |ENOENT: no such file or directory, \\w{1,10} )['"]${SETTINGS_FILE}['"]`,
      'i',
    ),
  ),
  likely(
    'configuration',
    'config-missing',
    opening(
      /(?:[Nn]o|[Mm]issing|[Cc]annot find|[Cc]ould not find|[Uu]nable to find) (?:the )?(?:\w{1,30} )?config(?:uration)?(?: file)?\b|[Cc]onfig(?:uration)?(?: file)? (?:\S{1,200} )?(?:does not exist|not found|is missing)$/,
    ),
  ),
  likely(
    'configuration',
    'config-format',
    /\byaml\.(?:\w{1,30}\.){0,2}\w{0,20}Error\b|\bYAMLException\b|\bYAMLParseError\b|\bTOMLDecodeError\b|\bTomlDecodeError\b|\bconfigparser\.\w{1,30}Error\b/,
  ),

  certain('configuration', 'json-file', /^SyntaxError: \S{1,400}\.json: .{1,200} JSON\b/),

  // Arguments
  certain(
    'configuration',
    'python-arguments',
    /^\S{1,200}: error: (?:the following arguments are required|unrecognized arguments|argument |one of the arguments)|^Error: (?:No such option|Missing (?:option|argument|parameter)|Invalid value for|Got unexpected extra|No such command)\b/,
  ),
  certain(
    'configuration',
    'node-arguments',
    /^error: (?:unknown option|required option|missing required argument|too many arguments)|^(?:Unknown|Missing required) arguments?: |^\S{1,200}: bad option: |^Unknown option: /,
  ),
  certain(
    'configuration',
    'go-arguments',
    /^flag provided but not defined: -|^(?:Error: )?(?:unknown (?:shorthand )?flag|unknown command|required flag\(s\)|flag needs an argument)\b/,
  ),
  certain(
    'configuration',
    'rust-arguments',
    /^error: (?:the following required arguments were not provided|unexpected argument '|a value is required for '|unrecognized subcommand ')/,
  ),
  certain(
    'configuration',
    'deno-permission',
    /\b(?:NotCapable|PermissionDenied): Requires .{1,300}, run again with the --allow-[\w-]{1,20} flag/,
    { advice: PERMISSION },
  ),
  certain('configuration', 'shell-option', /: (?:[Ii]llegal|invalid|unrecognized) option(?: -|: | ')/),

  // What a service or a file refuses
  certain('configuration', 'privileged-intents', /\bPrivilegedIntentsRequired\b|\b[Dd]isallowed intents?\b/, {
    advice: INTENTS,
  }),
  likely(
    'configuration',
    'file-permission',
    /\bEACCES: permission denied\b|\bPermissionError: \[Errno 13\]|\bPermission denied \(os error 13\)|: permission denied$/,
  ),
];
