import { checkRows, node, python } from '../../../../test/support/rule-samples';
import { LIMIT_RULES } from './limit-rules';

const QUOTA = 'You exceeded your current quota, please check your plan and billing details.';
const GEMINI = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.0-flash:generateContent';

describe('the table of limits and of spent money', () => {
  checkRows(LIMIT_RULES, {
    'gemini-limit': [
      'rate-limited certain',
      python(
        `google.genai.errors.ClientError: 429 RESOURCE_EXHAUSTED. {'error': {'code': 429, 'message': '${QUOTA}'}}`,
      ),
      python(`google.api_core.exceptions.ResourceExhausted: 429 ${QUOTA}`),
      node(`Error: [GoogleGenerativeAI Error]: Error fetching from ${GEMINI}: [429 Too Many Requests] ${QUOTA}`),
      python(`litellm.exceptions.RateLimitError: litellm.RateLimitError: VertexAIException - {"message": "${QUOTA}"}`),
    ],
    'openai-quota': [
      'credentials certain',
      python(
        `openai.RateLimitError: Error code: 429 - {'error': {'message': '${QUOTA}', 'code': 'insufficient_quota'}}`,
      ),
      node(`RateLimitError: 429 ${QUOTA}`, 'status: 429,', "code: 'insufficient_quota',"),
      python(`litellm.RateLimitError: RateLimitError: OpenAIException - ${QUOTA}`),
    ],
    'openai-billing': [
      'credentials certain',
      python(
        "openai.BadRequestError: Error code: 400 - {'error': {'code': 'billing_hard_limit_reached', 'message': 'x'}}",
      ),
      node('Error: 429 Your account is not active, please check your billing details on our website.'),
    ],
    'anthropic-credit': [
      'credentials certain',
      python(
        "anthropic.BadRequestError: Error code: 400 - {'error': {'type': 'invalid_request_error', 'message': 'Your credit balance is too low to access the Anthropic API.'}}",
      ),
      'Credit balance is too low\n',
    ],
    'anthropic-usage-limit': [
      'credentials certain',
      node(
        'BadRequestError: 400 {"error":{"message":"You have reached your specified API usage limits. You will regain access on 2025-09-01."}}',
      ),
    ],
    'openrouter-credits': [
      'credentials certain',
      python(
        "openai.APIStatusError: Error code: 402 - {'error': {'message': 'Insufficient credits. Add more using https://openrouter.ai/settings/credits', 'code': 402}}",
      ),
      'Failed to parse response: {"error":{"message":"More credits are required to run this request.","code":402}}\n',
    ],
    'openrouter-request': [
      'credentials likely',
      node(
        'Error: 402 This request requires more credits, or fewer max_tokens. You requested up to 4096 tokens, but can only afford 4000.',
      ),
    ],
    'other-credits': [
      'credentials certain',
      python(
        "openai.APIStatusError: Error code: 402 - {'error': {'message': 'Insufficient Balance', 'type': 'unknown_error'}}",
      ),
      python(
        'huggingface_hub.errors.HfHubHTTPError: 402 Client Error: Payment Required. You have exceeded your monthly included credits for Inference Providers.',
      ),
      node('Error: 403 Your team has either used all available credits or reached its monthly spending limit.'),
    ],
    'google-billing': [
      'credentials certain',
      python(
        'google.api_core.exceptions.PermissionDenied: 403 This API method requires billing to be enabled. Please enable billing.',
      ),
    ],
    'account-suspended': ['credentials likely', node('Error: 403 Your account org-1 is suspended, please contact us')],
    'http-402': [
      'credentials likely',
      python('requests.exceptions.HTTPError: 402 Client Error: Payment Required for url: https://api.example/v1'),
      node('AxiosError: Request failed with status code 402', 'status: 402'),
    ],
    'anthropic-overloaded': [
      'rate-limited certain',
      python(
        "anthropic._exceptions.OverloadedError: Error code: 529 - {'type': 'error', 'error': {'type': 'overloaded_error', 'message': 'Overloaded'}}",
      ),
      node('Error: 529 {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}', 'status: 529'),
    ],
    'model-overloaded': [
      'rate-limited certain',
      python(
        "google.genai.errors.ServerError: 503 UNAVAILABLE. {'error': {'code': 503, 'message': 'The model is overloaded. Please try again later.'}}",
      ),
      '[API Error: got status: UNAVAILABLE. {"error":{"code":503,"message":"The model is overloaded."}}]\n',
    ],
    'telegram-conflict': [
      'rate-limited certain',
      node(
        "GrammyError: Call to 'getUpdates' failed! (409: Conflict: terminated by other getUpdates request; make sure that only one bot instance is running)",
      ),
      python(
        'telegram.error.Conflict: Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
      ),
    ],
    'telegram-flood': [
      'rate-limited certain',
      python('telegram.error.RetryAfter: Flood control exceeded. Retry in 25 seconds'),
      python(
        'telethon.errors.rpcerrorlist.FloodWaitError: A wait of 3600 seconds is required (caused by SendMessageRequest)',
      ),
    ],
    'coding-agent-limit': [
      'rate-limited certain',
      "You've hit your session limit · resets 7:10am (UTC)\n",
      'Claude AI usage limit reached|1750000000\n',
      "You've hit your usage limit. Upgrade to Pro or try again in 3 days 2 hours.\n",
      '5-hour limit reached ∙ resets 3pm\n',
    ],
    'aws-throttling': [
      'rate-limited certain',
      python(
        'botocore.errorfactory.ThrottlingException: An error occurred (ThrottlingException) when calling the InvokeModel operation: Too many requests, please wait before trying again.',
      ),
      python(
        'botocore.exceptions.EventStreamError: An error occurred (throttlingException) when calling the InvokeModelWithResponseStream operation: Too many requests',
      ),
      node(
        'ThrottlingException: Rate exceeded',
        "'$fault': 'client',",
        "'$metadata': { httpStatusCode: 429, attempts: 3 }",
      ),
      python(
        'botocore.exceptions.ClientError: An error occurred (SlowDown) when calling the PutObject operation: Please reduce your request rate.',
      ),
    ],
    'google-quota': [
      'rate-limited certain',
      python(
        'googleapiclient.errors.HttpError: <HttpError 403 when requesting https://youtube.googleapis.com returned "The request cannot be completed". Details: "[{\'reason\': \'quotaExceeded\'}]">',
      ),
    ],
    'slack-limit': [
      'rate-limited certain',
      python(
        "slack_sdk.errors.SlackApiError: The request to the Slack API failed.\nThe server responded with: {'ok': False, 'error': 'ratelimited'}",
      ),
    ],
    'rate-limit-code': [
      'rate-limited certain',
      python(
        "anthropic.RateLimitError: Error code: 429 - {'type': 'error', 'error': {'type': 'rate_limit_error', 'message': 'Number of requests has exceeded your limit'}}",
      ),
      node(
        'SDKError: API error occurred: Status 429\nBody: {"object":"error","message":"Slow down","type":"rate_limited","code":"1300"}',
      ),
    ],
    'rate-limit-error': [
      'rate-limited certain',
      python('cohere.errors.too_many_requests_error.TooManyRequestsError: status_code: 429, body: {}'),
      python("openai.RateLimitError: Error code: 429 - {'error': {'message': 'Please slow down'}}"),
    ],
    'rate-limit-words': [
      'rate-limited certain',
      node('HttpError: API rate limit exceeded for user ID 1.'),
      node('HttpError: You have exceeded a secondary rate limit.'),
      python('discord.errors.HTTPException: 429 Too Many Requests (error code: 0): You are being rate limited.'),
    ],
    'http-429': [
      'rate-limited certain',
      python('pydantic_ai.exceptions.ModelHTTPError: status_code: 429, model_name: gpt-4o-mini, body: {}'),
      node('AxiosError: Request failed with status code 429', 'status: 429'),
      node('HTTPError: Response code 429'),
    ],
    'http-529': ['rate-limited certain', node('Error: Request failed with status code 529'), 'giving up: HTTP 529\n'],
    'http-503': [
      'rate-limited certain',
      python('requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://api.example'),
      node('AxiosError: Request failed with status code 503', 'status: 503'),
    ],
  });
});
