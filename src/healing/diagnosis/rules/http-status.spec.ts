import { httpStatus } from './http-status';

const tooMany = httpStatus('429');

describe('an HTTP status', () => {
  it.each([
    ...['HTTP/1.1 429', 'HTTP/2 429 Too Many Requests', 'HTTP 429', 'giving up: HTTP 429', 'http 429 from upstream'],
    ...['HTTP Error 429: Too Many Requests', 'HTTP error 429', 'HTTP status 429', 'HTTP status code: 429'],
    ...['status 429', 'status=429', 'status: 429,', 'Status: 429 (Too Many Requests)', 'status code 429', 'status:429'],
    ...['status_code=429', 'status_code: 429, body: {}', '"status_code": 429', 'statusCode: 429', '"statusCode":429'],
    ...["'status': '429'", 'httpStatusCode: 429', '"raw_status_code":429}', 'responded with a status of 429'],
    ...['API error occurred: Status 429', 'http_status=429', 'unexpected status code: 429', 'status code is 429'],
    ...['Error code: 429 - {}', 'error_code: 429', 'Response code 429 (Too Many Requests)', 'failed with code 429'],
    ...['code: 429,', '{"code": 429, "message": "x"}', "{'error': {'code': 429}}", '(code=429)'],
    ...['(429)', 'quota exceeded (429)', '[429]', '<Response [429]>', 'APIError(429)', '(429: Too Many Requests)'],
    ...['[429 Too Many Requests]', '429 Too Many Requests', "Client error '429 Too Many Requests' for url 'x'"],
    ...['429 Client Error: Too Many Requests for url: https://x.example', '429 RESOURCE_EXHAUSTED.'],
    ...['RateLimitError: 429 {"type":"error"}', 'Error: 429 You exceeded it', 'Error: 429', 'Error: 429 status code'],
    ...['ClientError: 429 RESOURCE_EXHAUSTED', 'google.api_core.exceptions.ResourceExhausted: 429 Quota exceeded'],
    ...['TelegramError: 429: Too Many Requests', "ClientResponseError: 429, message='Too Many Requests'"],
    ...['AxiosError: Request failed with status code 429', 'the server responded with 429', 'got 429', 'got a 429'],
    ...['received 429 from the API', 'returned HTTP 429', 'returned error 429', 'Error response 429 while fetching'],
    ...['error 429: slow down', 'googleapi: Error 429: Quota exceeded', 'API Error: 429 {"type":"error"}'],
    ...['OpenAI API 429: {"error":{}}', 'Unexpected server response: 429', 'does not indicate success: 429 (Too Many)'],
    ...['HTTP status client error (429 Too Many Requests) for url', 'HttpClientErrorException$TooManyRequests: 429'],
  ])('is found in %j', (line) => {
    expect(line).toMatch(tooMany);
  });

  it.each([
    ...['used 4290 tokens', '0.429', 'at 1.429', 'line 429', 'File "main.py", line 429, in run', 'main.py:429', '429'],
    ...['at run (/srv/app/main.js:429:17)', 'main.go:429 +0x1d', 'user 429', 'user 429 not found', '429 tokens used'],
    ...['took 429 ms', 'took 429ms', 'port 4291', 'port 429', 'order 429 was refused', 'id=429', 'page 429', '$429'],
    ...['429%', '(429/500)', '[429/500]', '(429 of 500)', 'items[429]', 'get(429)', '(429 tokens)', 'status 4290'],
    ...['code: 4290', 'code: 42.9', 'status: 429.5', 'KeyError: 429', 'ValueError: 429', 'AssertionError: 429 != 200'],
    ...['IndexError: 429', 'Error: 429 items are missing', 'got 429 rows', 'received 429 messages', 'promo code: 429'],
    ...['error on line 429', 'AssertionError: expected 429', '1.429 Too Many', '10.0.0.429', 'a-429 Too Many', 'x4290'],
  ])('is not found in %j', (line) => {
    expect(line).not.toMatch(tooMany);
  });

  it('may be one of several', () => {
    const broken = httpStatus('50[024]|52[0-6]');
    expect(['HTTP 502', 'status 524', 'status 503'].map((line) => broken.test(line))).toEqual([true, true, false]);
  });
});
