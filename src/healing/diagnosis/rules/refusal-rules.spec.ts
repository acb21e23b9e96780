import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { REFUSAL_RULES } from './refusal-rules';

describe('the table of keys that are refused', () => {
  checkRows(REFUSAL_RULES, {
    'token-expired': [
      'credentials likely',
      'API Error: 401 {"type":"error","error":{"type":"authentication_error","message":"OAuth token has expired."}} · Please run /login\n',
      node('Error: An API error occurred: token_expired'),
      python('msal.exceptions.MsalServiceError: Access token expired'),
    ],
    'openai-key': [
      'credentials certain',
      python(
        "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Incorrect API key provided: sk-x. You can find your API key at x', 'code': 'invalid_api_key'}}",
      ),
      node('AuthenticationError: 401 Incorrect API key provided: sk-x.', 'status: 401,', "code: 'invalid_api_key'"),
    ],
    'anthropic-key': [
      'credentials certain',
      python(
        "anthropic.AuthenticationError: Error code: 401 - {'type': 'error', 'error': {'type': 'authentication_error', 'message': 'invalid x-api-key'}}",
      ),
      node('Error: 401 {"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}'),
    ],
    'google-key': [
      'credentials certain',
      python(
        'google.api_core.exceptions.InvalidArgument: 400 API key not valid. Please pass a valid API key. [reason: "API_KEY_INVALID"]',
      ),
      python(
        "google.genai.errors.ClientError: 400 INVALID_ARGUMENT. {'error': {'message': 'API key expired. Please renew the API key.'}}",
      ),
    ],
    'azure-key': [
      'credentials certain',
      python(
        "openai.AuthenticationError: Error code: 401 - {'error': {'code': '401', 'message': 'Access denied due to invalid subscription key or wrong API endpoint.'}}",
      ),
    ],
    'openrouter-key': ['credentials certain', node('Error: 401 No auth credentials found')],
    'hugging-face-token': [
      'credentials certain',
      python(
        'huggingface_hub.errors.HfHubHTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/x\n\nInvalid credentials in Authorization header',
      ),
    ],
    'coding-agent-login': [
      'credentials certain',
      'Invalid API key · Please run /login\n',
      'Not logged in · Please run /login\n',
    ],
    'gated-model': [
      'credentials certain',
      python(
        'huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-0)\n\nCannot access gated repo for url https://huggingface.co/x.\nAccess to model x is restricted.',
      ),
      python(
        'OSError: You are trying to access a gated repo.\nMake sure to have access to it at https://huggingface.co/x.',
      ),
    ],
    'model-access': [
      'credentials likely',
      python(
        "openai.PermissionDeniedError: Error code: 403 - {'error': {'code': 'unsupported_country_region_territory'}}",
      ),
      node('Error: 403 Project `proj_x` does not have access to model `gpt-5`'),
    ],
    'telegram-token': [
      'credentials certain',
      python('telegram.error.InvalidToken: The token `1:x` was rejected by the server.'),
      node("GrammyError: Call to 'getMe' failed! (401: Unauthorized)"),
      node('Error: ETELEGRAM: 401 Unauthorized', "code: 'ETELEGRAM',"),
      python('aiogram.exceptions.TelegramUnauthorizedError: Telegram server says - Unauthorized'),
    ],
    'discord-token': [
      'credentials certain',
      python('discord.errors.LoginFailure: Improper token has been passed.'),
      node('Error [TokenInvalid]: An invalid token was provided.', "code: 'TokenInvalid'"),
    ],
    'slack-token': [
      'credentials certain',
      node(
        'Error: An API error occurred: invalid_auth',
        "code: 'slack_webapi_platform_error',",
        "data: { ok: false, error: 'invalid_auth' }",
      ),
      python(
        "slack_sdk.errors.SlackApiError: The request to the Slack API failed.\nThe server responded with: {'ok': False, 'error': 'not_authed'}",
      ),
    ],
    'slack-scope': ['credentials likely', node('Error: An API error occurred: missing_scope')],
    'github-token': [
      'credentials certain',
      python('github.GithubException.BadCredentialsException: 401 {"message": "Bad credentials"}'),
      node('HttpError: Bad credentials', 'status: 401,'),
    ],
    'api-key-refused': [
      'credentials certain',
      python(
        "groq.AuthenticationError: Error code: 401 - {'error': {'message': 'Invalid API Key', 'type': 'invalid_request_error'}}",
      ),
      python(
        "cohere.errors.unauthorized_error.UnauthorizedError: status_code: 401, body: {'message': 'invalid api token'}",
      ),
      python(
        "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'Authentication Fails, Your api key: ****1 is invalid'}}",
      ),
      node('APIResponseError: API token is invalid.', "code: 'unauthorized',"),
    ],
    'sdk-authentication-error': [
      'credentials certain',
      python('openai.AuthenticationError: Error code: 401'),
      python('litellm.exceptions.AuthenticationError: litellm.AuthenticationError: GeminiException - {}'),
    ],
    'token-refused': [
      'credentials likely',
      python('requests.exceptions.HTTPError: Invalid OAuth token'),
      python('oauthlib.oauth2.rfc6749.errors.InvalidGrantError: (invalid_grant) Bad Request'),
      node('Error: The access token is invalid'),
    ],
    'authentication-error': [
      'credentials likely',
      python('myapp.errors.AuthenticationError: user alice'),
      node('AuthenticationError: 401 status code (no body)', 'status: 401,'),
      'Error: 16 UNAUTHENTICATED: Request is missing required authentication credential\n',
    ],
    'git-login': [
      'credentials likely',
      "fatal: could not read Username for 'https://github.com': terminal prompts disabled\n",
      'git@github.com: Permission denied (publickey).\nfatal: Could not read from remote repository.\n',
    ],
    'mail-login': [
      'credentials likely',
      python("smtplib.SMTPAuthenticationError: (535, b'5.7.8 Username and Password not accepted.')"),
      node('Error: Invalid login: 535-5.7.8 Username and Password not accepted.', "code: 'EAUTH',"),
      python("imaplib.IMAP4.error: b'[AUTHENTICATIONFAILED] Invalid credentials (Failure)'"),
    ],
    'cloud-access-denied': [
      'credentials likely',
      python(
        'botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the GetObject operation: Access Denied',
      ),
      node('Error: 7 PERMISSION_DENIED: Cloud Vision API has not been used in project 1 before or it is disabled.'),
    ],
    'http-401': [
      'credentials likely',
      python('requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://api.example'),
      node('AxiosError: Request failed with status code 401', 'status: 401'),
      node('SDKError: API error occurred: Status 401\nBody: {"message":"no"}'),
      python('websockets.exceptions.InvalidStatus: server rejected WebSocket connection: HTTP 401'),
    ],
    'login-failed': [
      'credentials likely',
      python('myapp.LoginRefused: authentication failed for user alice'),
      node('Error: Invalid username or password'),
      'Authentication failed for user alice\n',
    ],
  });
});
