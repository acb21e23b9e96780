import { certain, likely, type Rule } from './rule';

const ACCESS = 'The account may not use this model: ask for access in the console, or use another, then spawn it.';
const CLOUD = 'It found no credentials of the cloud: set them in env or envFrom, or log in as its user, then spawn it.';

/** SDKs of clouds. Most of them also ask a server of the machine for credentials, which may be away for a while. */
export const CLOUD_RULES: readonly Rule[] = [
  likely(
    'credentials',
    'aws-no-credentials',
    /\bNoCredentialsError\b|\bUnable to locate credentials\b|\bCould not load credentials from any providers\b|\bCredentialsProviderError\b|\bNoCredentialProviders\b/,
    { advice: CLOUD },
  ),
  certain(
    'credentials',
    'aws-partial-credentials',
    /\bPartialCredentialsError\b|\bThe config profile \(.{1,80}\) could not be found\b/,
    {
      advice: CLOUD,
    },
  ),
  certain(
    'credentials',
    'aws-key-refused',
    /\b(?:InvalidClientTokenId|UnrecognizedClientException|InvalidAccessKeyId)\b|\(AuthFailure\)/,
  ),
  likely(
    'credentials',
    'aws-token-refused',
    /\b(?:ExpiredToken(?:Exception)?|SignatureDoesNotMatch|InvalidSignatureException|TokenRefreshRequired|UnauthorizedSSOTokenError|SSOTokenLoadError)\b/,
  ),
  likely(
    'credentials',
    'google-no-credentials',
    /\bDefaultCredentialsError: \S|\b[Yy]our default credentials were not found\b|\bCould not load the default credentials\b|\bgoogle: could not find default credentials\b/,
    { advice: CLOUD },
  ),
  likely('credentials', 'google-login', /\bRefreshError\b.{0,60}\b(?:invalid_grant|[Rr]eauth)/, { advice: CLOUD }),
  certain('credentials', 'azure-client-refused', /\bAADSTS(?:7000215|7000222|700016|700027|90002|50034|50126)\b/, {
    advice: CLOUD,
  }),
  likely(
    'credentials',
    'azure-no-credentials',
    /\b(?:DefaultAzureCredential|ChainedTokenCredential|EnvironmentCredential)\b.{0,60}\b(?:failed|unavailable|not)\b|\bAADSTS\d{4,8}\b|\bCredentialUnavailableError\b/,
    { advice: CLOUD },
  ),
  certain('credentials', 'bedrock-model', /\bYou don't have access to the model with the specified model ID\b/, {
    advice: ACCESS,
  }),
];
