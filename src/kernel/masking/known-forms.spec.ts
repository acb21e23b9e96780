import { maskSecrets } from '.';

/** Generated characters. Whole keys must not stand in this file, because scanners of repositories would report them. */
const MIXED = 'aB3dE5fG7hI9jK1lM2nO4pQ6rS8tU0vW3xY5zA7bC9dE1fG2hI4jK6lM8nO0pQ3rS5tU7vW9xY1z';
const HEX = '4f17a0a9c3d2e1f08b2335fc41df60a6';
const CAPITALS = 'ABCDEFGH23456789';
const any = (length: number) => MIXED.repeat(9).slice(0, length);
const basic = (credentials: string) => Buffer.from(credentials).toString('base64');
const pem = (label: string) => [`-----BEGIN ${label}-----`, any(64), any(64), any(30), `-----END ${label}-----`];

const show = (text: string) => maskSecrets(text, []);

describe('a well-known form of a key', () => {
  it.each([
    ['OpenAI', `bad key sk-${any(48)}.`, 'bad key sk-***.'],
    ['an OpenAI project', `sk-proj-${any(20)}_${any(30)}-${any(20)}`, 'sk-proj-***'],
    ['Anthropic', `x-api-key: sk-ant-api03-${any(90)}-AA`, 'x-api-key: ***'],
    ['OpenRouter', `(sk-or-v1-${HEX}${HEX})`, '(sk-or-***)'],
    ['DeepSeek', `key "sk-${HEX}"`, 'key "sk-***"'],
    ['a key between asterisks', `**sk-${any(48)}**`, '**sk-*****'],
    ['a key after an escaped line end', `"failed:\\nsk-${any(48)}\\n"`, '"failed:\\nsk-***\\n"'],
    ['a key in an encoded URL', `q%3Dsk-${any(48)}`, 'q%3Dsk-***'],
    ['a colored key', `\u001b[35msk-${any(48)}\u001b[0m`, '\u001b[35msk-***\u001b[0m'],
    ['a token of a run', `agt1.an-agent.0b9b2c1e-7f4e-4a34-9a51-0c8f5d7e2a10.${any(43)}`, 'agt1.***'],
    ['GitHub', `remote: ghp_${any(36)}`, 'remote: ghp_***'],
    ['a GitHub app', `gho_${any(36)} ghu_${any(36)} ghs_${any(36)} ghr_${any(36)}`, 'gho_*** ghu_*** ghs_*** ghr_***'],
    ['a fine-grained GitHub token', `github_pat_${any(22)}_${any(59)}`, 'github_pat_***'],
    ['GitLab', `glpat-${any(20)}`, 'glpat-***'],
    ['an AWS key id', `AKIA${CAPITALS} ASIA${CAPITALS}`, 'AKIA*** ASIA***'],
    [
      'an AWS secret',
      `aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY`,
      'aws_secret_access_key = ***',
    ],
    ['Google', `AIza${any(35)}`, 'AIza***'],
    ['Google OAuth', `ya29.a0${any(40)}`, 'ya29.***'],
    ['Slack', `xoxb-123456789012-${any(24)}`, 'xoxb-***'],
    ['a Slack webhook', `https://hooks.slack.com/services/T0/B0/${any(24)}`, 'https://hooks.slack.com/services/***'],
    ['Telegram', `123456789:AA${any(33)}`, '123456789:***'],
    ['Telegram in a URL', `/bot123456789:AA${any(33)}/getMe`, '/bot123456789:***/getMe'],
    ['Discord', `M${any(23)}.${any(6)}.${any(38)}`, 'M***'],
    ['Stripe', `sk_live_${any(24)} rk_live_${any(24)} whsec_${any(32)}`, 'sk_live_*** rk_live_*** whsec_***'],
    ['Hugging Face', `hf_${any(34)}`, 'hf_***'],
    ['npm', `npm_${any(36)}`, 'npm_***'],
    ['PyPI', `pypi-AgEI${any(100)}`, 'pypi-***'],
    ['SendGrid', `SG.${any(22)}.${any(43)}`, 'SG.***'],
    ['Twilio', `SK${HEX}`, 'SK***'],
    ['Supabase', `sbp_${HEX}a1b2c3d4 sb_secret_${any(31)}`, 'sbp_*** sb_secret_***'],
    ['Groq', `gsk_${any(52)}`, 'gsk_***'],
    ['a JSON Web Token', `eyJhbGciOi${any(20)}.eyJzdWIi${any(30)}.${any(43)}`, 'eyJ***'],
    ['a JSON Web Token that was cut', `eyJhbGciOi${any(20)}.eyJzd`, 'eyJ***'],
    ['a bearer token', `Authorization: Bearer ${any(32)}`, 'Authorization: Bearer ***'],
    ['a short bearer token', `'Authorization': 'Bearer abc-12345'`, `'Authorization': 'Bearer ***'`],
    ['a bearer token in a sentence', `refused Bearer ${any(32)}, because`, 'refused Bearer ***, because'],
    ['basic credentials', `Authorization: Basic ${basic('me:pass')}`, 'Authorization: Basic ***'],
    ['basic credentials in a sentence', `sent Basic ${basic('user:letters')}`, 'sent Basic ***'],
    ['a password in a URL', 'postgres://user:letters@db:5432/main', 'postgres://user:***@db:5432/main'],
    ['a password without a user', 'redis://:letters@db:6379/0', 'redis://:***@db:6379/0'],
    ['a password with other characters', 'amqp://u:p@ss#w?rd@h/v', 'amqp://u:***@h/v'],
    ['a password with a slash', 'postgresql://u:pa/ss@h/db', 'postgresql://u:***@h/db'],
    ['a token as the user of a URL', `https://${any(30)}@git.example/x.git`, 'https://***@git.example/x.git'],
    ['a password', 'login failed: password=hunter2', 'login failed: password=***'],
    ['a password in quotes', `connect(user="me", password="a,b;c(1)d")`, `connect(user="me", password="***")`],
    ['a password of a connection string', 'Server=db;Pwd=Passw0rd!;Database=x', 'Server=db;Pwd=***;Database=x'],
    ['a password as an argument', 'run --db-password hunter22 --port 1', 'run --db-password *** --port 1'],
    ['a variable', `OPENAI_API_KEY=${HEX}`, 'OPENAI_API_KEY=***'],
    ['a JSON member', `{"token": "${any(20)}", "user": "me"}`, '{"token": "***", "user": "me"}'],
    ['a JSON member in JSON', `"{\\"apiKey\\":\\"${any(20)}\\",\\"a\\":1}"`, '"{\\"apiKey\\":\\"***\\",\\"a\\":1}"'],
    ['a Python member', `{'client_secret': '${any(20)}'}`, `{'client_secret': '***'}`],
    ['a token after a refused name', `credentials: token: ${any(20)}`, 'credentials: token: ***'],
    ['a parameter', `GET /x?api_key=${any(20)}&page=2`, 'GET /x?api_key=***&page=2'],
    ['a cookie', `Set-Cookie: sid=${any(20)}; Path=/`, 'Set-Cookie: ***; Path=/'],
  ])('is masked: %s', (_, text, shown) => {
    expect(show(text)).toBe(shown);
    expect(show(`${text}\n${text}`)).toBe(`${shown}\n${shown}`);
    expect(show(shown)).toBe(shown);
  });

  it.each([
    ['sk-learn', 'pip install sk-learn; import sk-learn-extra-pipelines-v2-2024'],
    ['a word with sk-', `task-${any(30)} risk-adjusted-returns-of-portfolios-12345678`],
    ['a key that the provider masked', 'Incorrect API key provided: sk-none***none. You can find your API key at'],
    ['a longer key that the provider masked', 'Incorrect API key provided: sk-proj-****************wxyz'],
    ['a scheme without a token', 'Authorization: Bearer \nBearer\nWWW-Authenticate: Bearer realm="api2024"'],
    [
      'a sentence about schemes',
      'Bearer authentication failed; basic authentication is required, Bearer token missing',
    ],
    ['advice', '{"Authorization": "Bearer ..."} {"Authorization": "Bearer <token>"} Authorization: Bearer $TOKEN'],
    ['functions', 'hf_hub_download npm_config_registry npm_lifecycle_event pypi-server AKIAlike SKU ghp_test'],
    ['public keys', `pk_live_${any(24)} sb_publishable_${any(31)}`],
    ['a missing token', 'token: missing, api_key: undefined, secret=None, password: required, password=null'],
    ['names of values', 'password=$DB_PASSWORD token=${TOKEN} secret={secret} api_key=<your-key1> password=%s'],
    ['masked values', 'password=******** token="***" secret: ab***cdefgh1234'],
    ['counts', 'max_tokens=4096 tokens: 123456 total_tokens=1200345678 token_type=bearer1x'],
    ['code', 'token = get_token_v2(client1) password = read_password1(x) secret=secrets2[0]'],
    ['paths', 'token: /var/run/secrets/kubernetes.io/v1/token PWD=/srv/agents2/app OLDPWD=/home/me2 key=/etc/a1/b'],
    ['a path with an extension', 'credentials: ./config/service-account-2024.json, C:\\Users\\me2\\key1.pem'],
    ['hashes', `commit ${HEX}a0b1c2d3 sha256:${HEX}${HEX} 1700000000:${HEX}a0b1c2d3`],
    ['a UUID', 'run 0f8fad5b-d9cb-469f-a165-70867728950e failed'],
    ['request ids', 'request_id: req_011CSHoEeqs5C35K2UUqmNwq, x-request-id=0f8fad5bd9cb469fa16570867728950e'],
    ['a stack frame', 'at Object.<anonymous> (/srv/app/node_modules/@scope/pkg2/index.js:12:34)'],
    ['a Python frame', '  File "/usr/lib/python3.11/site-packages/openai/_base_client.py", line 1047, in request'],
    ['dates', '2024-01-15T10:15:00.123Z token: 2024-01-15T10:15:00Z secret=20240115T101500Z'],
    ['URLs', 'http://localhost:3000/@vite/client https://a.b:443/x@y?z=@ http://[::1]:80/@x mailto:me@x.example'],
    ['a git remote', 'ssh://git@github.com:22/org/repo@v1 git@github.com:org/repo.git https://me@example.com/x'],
    ['model names', 'token: gpt-4o-2024-08-06, secret: claude-3-5-sonnet-20241022, text-embedding-3-large'],
    ['a resource name', 'arn:aws:secretsmanager:us-east-1:123456789012:secret:prod-db-AbCdEf'],
    ['a certificate', ['-----BEGIN CERTIFICATE-----', any(64), '-----END CERTIFICATE-----'].join('\n')],
    ['words about PEM', 'expected -----BEGIN PRIVATE KEY----- or\nthe line -----END PRIVATE KEY-----\nError: bad key'],
  ])('is not seen in %s', (_, text) => {
    expect(show(text)).toBe(text);
  });
});

describe('a private key', () => {
  it.each(['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'])(
    'is masked between its first and last line: %s',
    (label) => {
      const shown = `-----BEGIN ${label}-----\n***\n-----END ${label}-----`;
      expect(show(`x ${pem(label).join('\n')} y`)).toBe(`x ${shown} y`);
      expect(show(shown)).toBe(shown);
    },
  );

  it.each(['\\n', '\\\\n', '\r\n', '\\r\\n', '\n  ', '",\n"', ''])('is masked if %j separates its lines', (gap) => {
    const text = show(pem('PRIVATE KEY').join(gap));
    expect(text).toContain('-----BEGIN PRIVATE KEY-----');
    expect(text).toContain('-----END PRIVATE KEY-----');
    expect(text).not.toContain(any(6));
  });

  it('is masked behind the headers of an encrypted key', () => {
    const headers = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0123456789ABCDEF\n';
    const text = ['-----BEGIN RSA PRIVATE KEY-----', headers, any(64), any(20), '-----END RSA PRIVATE KEY-----'];
    expect(show(text.join('\n'))).toBe(
      `-----BEGIN RSA PRIVATE KEY-----\n${headers}\n***\n-----END RSA PRIVATE KEY-----`,
    );
  });

  it('is masked if its end was cut off', () => {
    const [begin = '', first = '', second = ''] = pem('PRIVATE KEY');
    expect(show(`${begin}\n${first}\n${second}\nError: the key is invalid\n`)).toBe(
      `${begin}\n***\nError: the key is invalid\n`,
    );
    expect(show(`${begin}\n${first}\n${second.slice(0, 9)}`)).toBe(`${begin}\n***`);
    expect(show(`${begin}\\n${first.slice(0, 30)}`)).toBe(`${begin}\\n***`);
  });

  it('is masked if its begin was cut off', () => {
    const [, first = '', second = '', last = '', end = ''] = pem('PRIVATE KEY');
    expect(show(`${first.slice(9)}\n${second}\n${last}\n${end}\nError: refused`)).toBe(`***\n${end}\nError: refused`);
  });
});
