import { httpStatus } from './http-status';
import { certain, likely, type Rule } from './rule';

const ACCESS = 'The account may not use this: ask for access, or use another key or model, then spawn the agent.';
const LOGIN = 'Log in again as the user of the agent, then spawn it.';

/** Keys and tokens that a service refuses. */
export const REFUSAL_RULES: readonly Rule[] = [
  // Programs renew what has expired as they start, unless its renewal is refused too.
  likely(
    'credentials',
    'token-expired',
    /\bOAuth token has expired\b|\b(?:[Aa]ccess|[Rr]efresh|[Ss]ession|[Bb]earer|[Aa]uth|API|api) token (?:is |has |was )?expired\b|\btoken_expired\b/,
    { advice: LOGIN },
  ),

  // Model providers
  certain('credentials', 'openai-key', /\bIncorrect API key provided\b|\binvalid_api_key\b/),
  certain('credentials', 'anthropic-key', /\binvalid x-api-key\b|\bauthentication_error\b/),
  certain(
    'credentials',
    'google-key',
    /\bAPI_KEY_INVALID\b|\bAPI [Kk]ey (?:not valid|expired|not found)\b|\bAPI key was reported as leaked\b/,
  ),
  certain('credentials', 'azure-key', /\binvalid subscription key\b/),
  certain('credentials', 'openrouter-key', /\bNo (?:auth|cookie auth) credentials found\b/),
  certain(
    'credentials',
    'hugging-face-token',
    /\bInvalid credentials in Authorization header\b|\bInvalid user token\b/,
  ),
  certain('credentials', 'coding-agent-login', /\bPlease run \/login\b|\b[Nn]ot logged in\b.{0,40}\/login\b/, {
    advice: LOGIN,
  }),
  certain(
    'credentials',
    'gated-model',
    /\bGatedRepoError\b|\bCannot access gated repo\b|\bYou are trying to access a gated repo\b/,
    { advice: ACCESS },
  ),
  likely(
    'credentials',
    'model-access',
    /\bdoes not have access to (?:model|project|engine)\b|\bPermissionDeniedError\b|\bunsupported_country_region_territory\b/,
    { advice: ACCESS },
  ),

  // Bots and other services
  certain(
    'credentials',
    'telegram-token',
    /\btelegram\.error\.InvalidToken\b|\bThe token `[^`]{0,80}` was rejected by the server\b|\bCall to 'getMe' failed! \(40[14]\b|\bETELEGRAM: 40[14]\b|\bTelegramUnauthorizedError\b|\bTokenValidationError\b/,
  ),
  certain(
    'credentials',
    'discord-token',
    /\bImproper token has been passed\b|\bTokenInvalid\b|\bAn invalid token was provided\b/,
  ),
  certain(
    'credentials',
    'slack-token',
    /\b(?:API error occurred: |error['"]?: ['"])(?:invalid_auth|not_authed|account_inactive|token_revoked)\b/,
  ),
  likely(
    'credentials',
    'slack-scope',
    /\b(?:API error occurred: |error['"]?: ['"])(?:missing_scope|not_allowed_token_type)\b/,
    {
      advice: ACCESS,
    },
  ),
  certain('credentials', 'github-token', /\bBadCredentialsException\b|\bBad credentials\b/),

  // Any service
  certain(
    'credentials',
    'api-key-refused',
    /\b(?:[Ii]ncorrect|[Ii]nvalid|INVALID|[Ww]rong|[Rr]evoked|[Bb]ad|[Mm]alformed)[-_ ](?:\w{1,20}[- ]){0,2}?(?:API|api|Api)[-_ ]?(?:[Kk]ey|[Tt]oken|KEY)\b|\b(?:API|api|Api)[-_ ]?(?:[Kk]ey|[Tt]oken)\b:? (?:\S{1,60} )?(?:is|was|has been) (?:\w{1,10} )?(?:invalid|revoked|incorrect|not valid|rejected|malformed|disabled)\b|\bInvalid(?:Api|API)Key(?:Error)?\b/,
  ),
  certain(
    'credentials',
    'sdk-authentication-error',
    /\b(?:openai|anthropic|groq|together\.error|litellm(?:\.exceptions)?|replicate\.exceptions|cohere\.errors\.\w{1,40})\.(?:AuthenticationError|UnauthorizedError)\b/,
  ),
  likely(
    'credentials',
    'token-refused',
    /\b(?:invalid|expired|revoked)[_ ](?:access|auth|bot|bearer|refresh|oauth|OAuth|session) ?token\b|\b(?:[Aa]ccess|[Aa]uth|[Bb]ot|[Bb]earer|[Rr]efresh|OAuth) token (?:is |was |has been )?(?:invalid|revoked|incorrect|not valid|rejected|malformed)\b|\binvalid_(?:grant|client|token)\b|\bInvalid OAuth token\b/,
  ),
  likely(
    'credentials',
    'authentication-error',
    /\b(?:AuthenticationError|AuthenticationException|UnauthenticatedError|UnauthorizedError|UnauthorizedException|InvalidAuthenticationTokenError|UNAUTHENTICATED|Unauthenticated)\b/,
  ),
  likely(
    'credentials',
    'git-login',
    /\bfatal: Authentication failed for '|\bcould not read (?:Username|Password) for '|\bPermission denied \(publickey\b/,
  ),
  likely(
    'credentials',
    'mail-login',
    /\bSMTPAuthenticationError\b|\bInvalid login: 535\b|\[AUTHENTICATIONFAILED\]|\bUsername and Password not accepted\b/,
  ),
  likely(
    'credentials',
    'cloud-access-denied',
    /\bAccessDenied(?:Exception)?\b|\bUnauthorizedOperation\b|\bPERMISSION_DENIED\b|\bPermissionDenied: 403\b|\bAuthorizationFailed\b/,
  ),
  likely('credentials', 'http-401', httpStatus('401')),
  // It may also be a user of the agent who is refused.
  likely(
    'credentials',
    'login-failed',
    /(?<!proxy )\b(?:authentication|login|log-in|sign-in) (?:has )?(?:failed|failure|rejected|denied|required)\b|\b(?:invalid|wrong|bad|incorrect) (?:user ?name|login|password|credentials)\b|\bunauthorized\b/i,
  ),
];
