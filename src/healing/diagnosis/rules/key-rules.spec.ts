import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { KEY_RULES } from './key-rules';

const ENVIRON = 'File "<frozen os>", line 717, in __getitem__\n    raise KeyError(key) from None';
const REFUSED_HEADER = `${python("httpcore.LocalProtocolError: Illegal header value b'Bearer '")}
The above exception was the direct cause of the following exception:

${python('openai.APIConnectionError: Connection error.')}`;

describe('the table of keys that are missing or malformed', () => {
  checkRows(KEY_RULES, {
    'python-header': [
      'credentials certain',
      REFUSED_HEADER,
      python(
        "requests.exceptions.InvalidHeader: Invalid leading whitespace, reserved character(s), or return character(s) in header value: ' Bearer x'",
      ),
      python(
        "requests.exceptions.InvalidHeader: Header part (None) from ('Authorization', None) must be of type str or bytes: Header value must be str or bytes",
      ),
    ],
    'node-header': [
      'credentials certain',
      node(
        'TypeError [ERR_INVALID_CHAR]: Invalid character in header content ["Authorization"]',
        "code: 'ERR_INVALID_CHAR'",
      ),
      node('TypeError: Bearer sk\n is not a legal HTTP header value'),
      node('TypeError: Headers.append: "Bearer sk" is an invalid header value.'),
      node('TypeError: Headers.append: "Bearer 7f3k99\n" is an invalid header value.'),
    ],
    'go-header': [
      'credentials certain',
      'panic: Post "https://api.example": net/http: invalid header field value for "Authorization"\n\ngoroutine 1 [running]:\nmain.main()\n',
    ],
    'sdk-no-key': [
      'credentials certain',
      python(
        'openai.OpenAIError: The api_key client option must be set either by passing api_key to the client or by setting the OPENAI_API_KEY environment variable',
      ),
      node(
        'OpenAIError: Missing credentials. Please pass an `apiKey`, or set the `OPENAI_API_KEY` environment variable.',
      ),
      python(
        'groq.GroqError: The api_key client option must be set either by passing api_key to the client or by setting the GROQ_API_KEY environment variable',
      ),
    ],
    'anthropic-no-key': [
      'credentials certain',
      python(
        'TypeError: "Could not resolve authentication method. Expected either api_key or auth_token to be set. Or for one of the `X-Api-Key` headers to be explicitly omitted"',
      ),
      node('Error: Could not resolve authentication method. Expected either apiKey or authToken to be set.'),
    ],
    'google-no-key': [
      'credentials certain',
      python('ValueError: Missing key inputs argument! To use the Google AI API, provide (`api_key`) arguments.'),
      python(
        'google.auth.exceptions.DefaultCredentialsError: \n  No API_KEY or ADC found. Please either:\n    - Set the `GOOGLE_API_KEY` environment variable.',
      ),
    ],
    'langchain-no-key': [
      'credentials certain',
      python(
        'pydantic_core._pydantic_core.ValidationError: 1 validation error for ChatOpenAI\n  Value error, Did not find openai_api_key, please add an environment variable `OPENAI_API_KEY` which contains it, or pass `openai_api_key` as a named parameter. [type=value_error]',
      ),
      node('Error: OpenAI or Azure OpenAI API key or Token Provider not found'),
    ],
    'ai-sdk-no-key': [
      'credentials certain',
      node(
        "AI_LoadAPIKeyError: OpenAI API key is missing. Pass it using the 'apiKey' parameter or the OPENAI_API_KEY environment variable.",
      ),
    ],
    'litellm-no-key': [
      'credentials certain',
      python(
        'litellm.exceptions.AuthenticationError: litellm.AuthenticationError: Missing Anthropic API Key - A call is being made to anthropic but no key is set either in the environment variables or via params.',
      ),
    ],
    'supabase-no-key': [
      'credentials certain',
      node('Error: supabaseKey is required.'),
      python('supabase._sync.client.SupabaseException: supabase_key is required'),
    ],
    'bot-no-token': [
      'credentials certain',
      python('telegram.error.InvalidToken: You must pass the token you received from https://t.me/Botfather!'),
      python('TypeError: expected token to be a str, received NoneType instead'),
      node('Error: Empty token!'),
      python(
        "aiogram.utils.token.TokenValidationError: Token is invalid! It must be 'str' type, not <class 'NoneType'>.",
      ),
    ],
    'client-no-key': [
      'credentials certain',
      python('twilio.base.exceptions.TwilioException: Credentials are required to create a TwilioClient'),
      python("pinecone.core.exceptions.PineconeConfigurationError: You haven't specified an Api-Key."),
    ],
    'environment-key': ['credentials certain', python("KeyError: 'OPENAI_API_KEY'", ENVIRON)],
    'key-variable-missing': [
      'credentials certain',
      node(
        'OpenAIError: The OPENAI_API_KEY environment variable is missing or empty; either provide it, or instantiate the client with an apiKey option.',
      ),
      'TELEGRAM_BOT_TOKEN environment variable not set\n',
      python('ValueError: The AWS_ACCESS_KEY_ID environment variable must be set'),
    ],
    'missing-key-variable': [
      'credentials certain',
      node('Error: Missing OPENAI_API_KEY environment variable'),
      'Please set the ANTHROPIC_API_KEY variable\n',
      python('RuntimeError: Missing required environment variable: OPENAI_API_KEY'),
      python('slack_bolt.error.BoltError: Either an env variable is needed: set `SLACK_BOT_TOKEN`'),
    ],
    'key-not-set': [
      'credentials certain',
      'OPENAI_API_KEY is not set\n',
      node('Error: DISCORD_TOKEN is required'),
      python('AssertionError: TELEGRAM_TOKEN must be set'),
      'ERROR: DATABASE_PASSWORD: not set\n',
      'fatal: GITHUB_TOKEN is empty\n',
    ],
    'api-key-missing': [
      'credentials certain',
      node('Error: Anthropic API key not found'),
      python('ValueError: api_key is required'),
      'Error: API key must be provided\n',
    ],
    'no-api-key': [
      'credentials certain',
      python(
        'stripe._error.AuthenticationError: No API key provided. (HINT: set your API key using "stripe.api_key = <API-KEY>").',
      ),
      'No API key found. Run `scout login` first.\n',
      'FATAL: no API key configured\n',
      node("Error: 401 You didn't provide an API key. You need to provide your API key in an Authorization header."),
    ],
    'key-words': [
      'credentials likely',
      'Error: No token provided\n',
      python('ValueError: Please provide an OpenAI API key'),
    ],
  });
});
