import { maskSecrets } from '.';

const LINES = ['MIIEvQIBADANBgkqhkiG9w0B/AQEF', 'c2Vjb25kbGluZSB3aXRoK3BsdXM+', 'dGhlIGxhc3QgbGluZQ=='];
const PEM = ['-----BEGIN PRIVATE KEY-----', ...LINES, '-----END PRIVATE KEY-----', ''].join('\n');
const ACCOUNT = {
  type: 'service_account',
  project_id: 'my-project-123456',
  private_key_id: '4f17a0a9c3d2e1f08b2335fc41df60a6a0b1c2d3',
  private_key: PEM,
  client_email: 'agent@my-project-123456.iam.gserviceaccount.com',
  client_id: '123456789012345678901',
  token_uri: 'https://oauth2.googleapis.com/token',
  nested: [{ clientSecret: 'only words here' }, { pin: 'a1b2c3d4e5f6' }],
};

const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');
const show = (text: string, ...secrets: string[]) => maskSecrets(text, secrets);

describe('a secret is masked', () => {
  const secret = 'pä ss/w"ör\'d\\+&<1>\n2?';

  it.each([
    ['unchanged', secret],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in JSON in JSON', JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ['in the JSON of Python', 'p\\u00e4 ss/w\\"\\u00f6r\'d\\\\+&<1>\\n2?'],
    ['in the JSON of Go', 'pä ss/w\\"ör\'d\\\\+\\u0026\\u003c1\\u003e\\n2?'],
    ['in the JSON of PHP', 'p\\u00e4 ss\\/w\\"\\u00f6r\'d\\\\+&<1>\\n2?'],
    ['in the repr of Python', 'pä ss/w"ör\\\'d\\\\+&<1>\\n2?'],
    ['as a URL component', encodeURIComponent(secret)],
    ['as a URL component in small letters', encodeURIComponent(secret).replace(/%\w\w/g, (code) => code.toLowerCase())],
    ['in a path of Python', 'p%C3%A4%20ss/w%22%C3%B6r%27d%5C%2B%26%3C1%3E%0A2%3F'],
    ['in a form', new URLSearchParams({ secret }).toString().slice(7)],
    ['in base64', base64(secret)],
    ['in base64 without padding', base64(secret).replace(/=+$/, '')],
    ['in base64url', base64url(secret)],
    ['in hex', Buffer.from(secret).toString('hex')],
    ['in capital hex', Buffer.from(secret).toString('hex').toUpperCase()],
  ])('%s', (_, form) => {
    expect(show(`got ${form}, twice ${form}`, secret)).toBe('got ***, twice ***');
  });

  it.each(['', 'u', 'me', 'you', 'user:', 'admin:'])('in base64 after %j', (before) => {
    for (const after of ['', '@', ':x', '+++']) {
      const shown = show(base64(`${before}hunter22${after}`), 'hunter22');
      expect(shown).toContain('***');
      expect(Buffer.from(shown.replace('***', '    '), 'base64').toString()).not.toMatch(/unter2/);
    }
  });

  it.each([64, 76])('in base64 of lines of %d characters', (columns) => {
    const long = 'correct horse battery staple '.repeat(9);
    const lines = base64(long).match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
    for (const line of lines.filter(({ length }) => length >= 8)) expect(show(`| ${line} |`, long)).toBe('| *** |');
  });

  it('in quotes that a loader removed, and without the spaces around it', () => {
    expect(show('got top-secret', '"top-secret"', ' other-secret\n')).toBe('got ***');
    expect(show('got other-secret', '"top-secret"', ' other-secret\n')).toBe('got ***');
  });

  it('if it overlaps another one', () => {
    expect(show('abcdefghij', 'abcdef', 'defghij')).toBe('***');
    expect(show('abcdefgh', 'abcdef', 'cdefgh')).toBe('***');
  });

  it('even if another secret is part of a well-known form', () => {
    const key = `sk-proj-${'aB3dE5fG7hI9'.repeat(4)}`;
    expect(show(`key ${key}`, 'sk-proj')).toBe('key ***-***');
    expect(show('postgres://user:letters@localhost/db', 'postgres', 'localhost')).toBe('***://user:***@***/db');
  });
});

describe('a value of several lines', () => {
  it.each([
    ['with line ends', PEM],
    ['with line ends of Windows', PEM.replaceAll('\n', '\r\n')],
    ['with escaped line ends', PEM.replaceAll('\n', '\\n')],
    ['in quotes', JSON.stringify(PEM)],
    ['in base64', base64(PEM)],
  ])('is masked line by line: %s', (_, value) => {
    for (const line of LINES) {
      expect(show(`INFO ${line}|`, value)).toBe('INFO ***|');
      expect(show(`INFO ${encodeURIComponent(line)}|`, value)).toBe('INFO ***|');
    }
    expect(show(PEM.replaceAll('\n', '\n> '), value)).not.toContain(LINES[1]);
    expect(show(PEM.replaceAll('\n', '\\n'), value)).not.toContain(LINES[1]);
  });

  it('is not masked where a library only names the kind of a key', () => {
    expect(show('expected -----BEGIN PRIVATE KEY-----', PEM)).toBe('expected -----BEGIN PRIVATE KEY-----');
  });
});

describe('a value in JSON', () => {
  const forms = [
    ['compact', JSON.stringify(ACCOUNT)],
    ['on several lines', JSON.stringify(ACCOUNT, null, 2)],
    ['in base64', base64(JSON.stringify(ACCOUNT))],
  ] as const;

  it.each(forms)('is masked member by member: %s', (_, value) => {
    const secrets = [ACCOUNT.private_key_id, ...LINES, 'only words here', 'a1b2c3d4e5f6'];
    for (const secret of secrets) expect(show(`got ${secret}!`, value)).toBe('got ***!');
    for (const secret of secrets) expect(show(JSON.stringify(ACCOUNT, null, 4), value)).not.toContain(secret);
  });

  it.each(forms)('leaves its ordinary members readable: %s', (_, value) => {
    const { type, project_id: project, client_email: email, client_id: id, token_uri: uri } = ACCOUNT;
    const text = `${type} ${project} ${email} ${id} ${uri}`;
    expect(show(text, value)).toBe(text);
  });
});

describe('a value that contains a key', () => {
  it.each([
    ['a URL', 'postgres://me:p%40ssword@db/x', ['p%40ssword', 'p@ssword', 'p%40ssword'.toLowerCase()]],
    ['a header', 'Bearer aB3dE5fG7hI9jK1lM2nO4pQ6', ['aB3dE5fG7hI9jK1lM2nO4pQ6']],
    ['a connection string', 'Server=db;User=me;Password=hunter22;', ['hunter22', base64('me:hunter22').slice(4, -1)]],
    ['JSON with a URL', '{"db": "postgres://me:letters@db/x"}', ['letters']],
  ])('is masked by the key alone: %s', (_, value, keys) => {
    for (const key of keys) expect(show(`got ${key}!`, value)).toBe('got ***!');
  });

  it('keeps a short password of a URL readable, because it may be a word', () => {
    expect(show('the mode is on', 'redis://:mode@db')).toBe('the mode is on');
  });
});
