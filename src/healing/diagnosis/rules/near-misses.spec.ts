import { diagnoseOutput, node, python } from '../../../../test/support/rule-samples';

const GET = 'File "/srv/agent/prices.py", line 9, in price\n    return table[pair]';
const FETCH = 'File "/srv/agent/pages.py", line 9, in fetch\n    response.raise_for_status()';
const HANDLED = `ERROR:root:no plugin
${python("ModuleNotFoundError: No module named 'orjson'")}INFO:root:using json instead
INFO:root:working
INFO:root:working
INFO:root:working
INFO:root:working
`;

/** Errors of a program's own, or of its data. A restart may help, or the next input will. */
describe('an error of data', () => {
  it.each([
    ['a key in capitals', python("KeyError: 'BTCEUR'", GET)],
    ['a key that looks like a variable', python("KeyError: 'SESSION_TOKEN'", GET)],
    ['a key that is a status', python('KeyError: 429', GET)],
    ['a user that is not found', python('ValueError: user 42: not found')],
    ['an order with the number of an exit code', python('LookupError: order 127 not found')],
    [
      'a page that is forbidden',
      python('requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://shop.example/x', FETCH),
    ],
    [
      'a page that is gone',
      python("aiohttp.client_exceptions.ClientResponseError: 404, message='Not Found', url='https://shop.example'"),
    ],
    ['a chat that a user left', python('telegram.error.Forbidden: Forbidden: bot was blocked by the user')],
    [
      "a model's answer",
      python(
        'pydantic_core._pydantic_core.ValidationError: 1 validation error for Answer\nprice\n  Field required [type=missing, input_value={}, input_type=dict]',
      ),
    ],
    [
      "a model's answer that is no JSON",
      python('json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)'),
    ],
    ["a model's answer that is a page", node('SyntaxError: Unexpected token < in JSON at position 0')],
    ["a model's answer that is no program", node('SyntaxError: Invalid or unexpected token')],
    ["a parser's token", python("ParseError: invalid token '<' at line 3")],
    [
      "another parser's token",
      python('xml.etree.ElementTree.ParseError: not well-formed (invalid token): line 1, column 5'),
    ],
    ["a lexer's token", node("Error: Lexical error: unexpected token 'key' is invalid here")],
    [
      'too many tokens',
      python(
        "openai.BadRequestError: Error code: 400 - {'error': {'message': \"This model's maximum context length is 8192 tokens.\", 'code': 'context_length_exceeded'}}",
      ),
    ],
    ['a budget of tokens', python('TokenLimitError: token limit exceeded: 4290 of 4096')],
    ['a file of data', python("FileNotFoundError: [Errno 2] No such file or directory: '/srv/data/report.csv'")],
    ['a folder of data', python("FileNotFoundError: [Errno 2] No such file or directory: 'output'")],
    [
      'a file of data in Node',
      node("Error: ENOENT: no such file or directory, open '/srv/data/report.csv'", "code: 'ENOENT'"),
    ],
    ['a failed expectation', python('AssertionError: expected 404')],
    ['a compared status', python('AssertionError: 401 != 200')],
    ['a time limit of its own', python('TimeoutError')],
    ['a time limit of its own, in words', python('TimeoutError: the task took more than 30 s')],
    ['a page that is slow', python('playwright._impl._errors.TimeoutError: Page.goto: Timeout 30000ms exceeded.')],
    ['a price', python('ValueError: bad price 401.50 for item 402')],
    ['an id', node('Error: no item with id 4010429')],
    ['a line number', node('TypeError: x is not a function\n    at run (/srv/agent/main.js:429:401)')],
    [
      'a balance of a trader',
      python('ccxt.base.errors.InsufficientFunds: binance Account has insufficient balance for requested action.'),
    ],
    ['a quoted message', python('ValueError: cannot answer "No module named \'openai\'"')],
    ['a quoted command', python("RuntimeError: the answer was 'bash: ffmpeg: command not found', which is no JSON")],
    ['a secret santa', python('RuntimeError: secret santa is missing')],
    ['an animal in capitals', python('RuntimeError: TURKEY is missing')],
    [
      'an import that goes in a circle',
      python(
        "ImportError: cannot import name 'x' from partially initialized module 'app' (most likely due to a circular import)",
      ),
    ],
    ['an undefined name', node('ReferenceError: token is not defined')],
    ['a null', node("TypeError: Cannot read properties of null (reading 'key')")],
    ['an unknown word in its own language', python('RuntimeError: no such table in chapter 503')],
  ])('is restarted: %s', (_, output) => {
    const { cause, rule, remedy } = diagnoseOutput(output);
    expect([cause, rule, remedy]).toEqual(['unhandled-exception', null, 'restart']);
  });
});

describe('plain words', () => {
  it.each([
    ['a port that it listens on', 'listening on port 8080\n'],
    ['an answer at the level of information', 'INFO: the user must provide a token\n'],
    ['a warning', 'WARNING: OPENAI_API_KEY is not set, using the local model\n'],
    ['a count of tokens', 'used 4290 tokens, 401 of them in the prompt\n'],
    [
      'an answer about commands',
      'User: it says that my command is not found\nAgent: the command was not found because PATH is empty\n',
    ],
    ['an answer about keys', 'Agent: you get an API key on the page of your account\n'],
    ['an answer about modules', "Agent: 'No module named x' means that x is not installed\n"],
    ['a duration', 'request took 429 ms\nrequest took 503 ms\n'],
    ['a module that it did without', HANDLED],
  ])('say nothing: %s', (_, output) => {
    const { cause, rule } = diagnoseOutput(output);
    expect([cause, rule]).toEqual(['unknown', null]);
  });
});

/** Errors that no restart may cure, or that pass by themselves: halted only if two runs in a row end by them. */
describe('a doubtful error', () => {
  it.each([
    ['a data file', python("PermissionError: [Errno 13] Permission denied: '/srv/data/report.csv'")],
    ['a user of the agent', python('myapp.AuthenticationError: Authentication failed for user alice')],
    ['a token of a user', python('fastapi.exceptions.HTTPException: 401: the access token is invalid')],
    [
      'a page behind a login',
      python('requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://shop.example/x', FETCH),
    ],
    [
      'a page that wants money',
      python(
        'requests.exceptions.HTTPError: 402 Client Error: Payment Required for url: https://shop.example/x',
        FETCH,
      ),
    ],
    ['a token that expired', node('Error: access token expired')],
    [
      "an answer's class with the name of settings",
      python(
        'pydantic_core._pydantic_core.ValidationError: 1 validation error for SearchConfig\nlimit\n  Field required [type=missing, input_value={}, input_type=dict]',
      ),
    ],
    ['a configuration of a user', python('RuntimeError: config for user 42 is missing')],
    ['an invalid configuration of a user', python('ValueError: user 42 has an invalid config')],
    ['credentials of the machine', python('botocore.exceptions.NoCredentialsError: Unable to locate credentials')],
    ['a model that a user chose', python("ollama._types.ResponseError: model 'x' not found (status code: 404)")],
    ['a command that a model chose', node('Error: spawn foo ENOENT', "code: 'ENOENT'")],
    ['a URL that a model chose', node('TypeError: Invalid URL', "code: 'ERR_INVALID_URL'")],
    ['a full disk', python('OSError: [Errno 28] No space left on device')],
    ['a database that is made later', python('psycopg2.OperationalError: FATAL:  database "agents" does not exist')],
    [
      'a smaller request that can be paid',
      node('Error: 402 This request requires more credits, or fewer max_tokens. You can only afford 3919.'),
    ],
  ])('is never certain: %s', (_, output) => {
    const { certainty, remedy } = diagnoseOutput(output);
    expect([certainty, remedy === 'wait']).toEqual([remedy === 'person' ? 'likely' : certainty, false]);
  });
});
