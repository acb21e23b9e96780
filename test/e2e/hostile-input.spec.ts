import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { ApiClient } from '../support/api-client';
import { expectUntouched, invalid, refusal } from '../support/refusals';
import { makeService, type TestService } from '../support/service';
import { settledState, type State } from '../support/state-of';
import { until } from '../support/until';

/** What a body, an id and a query may hold; definitions and connections have files of their own. */
describe('hostile input', () => {
  let service: TestService;
  let admin: ApiClient;
  let before: State;
  let pid: number;

  beforeAll(async () => {
    service = await makeService({ settings: { RATE_LIMIT_PER_MINUTE: '0' } });
    admin = service.api;
    pid = service.pid;
    await admin.register({ agentId: 'known', name: 'Known', entryPoint: 'sleeper.sh', env: { OWN: 'value' } });
    await admin.register({ agentId: 'outside', name: 'Outside', entryPoint: null });
    await admin.spawn('known');
    before = await settledState(admin);
  });

  afterAll(async () => {
    await service.destroy();
  });

  // Whatever was sent.
  afterEach(async () => {
    await expectUntouched(service, before, pid);
  });

  const refused = (method: string, target: string, body?: string | Buffer) => refusal(service, method, target, body);
  const definition = { agentId: 'new', name: 'New', entryPoint: 'sleeper.sh' };
  const register = (members: Readonly<Record<string, unknown>>) =>
    refused('POST', '/api/agents', JSON.stringify({ ...definition, ...members }));

  describe('a body', () => {
    /** The start of a valid one, so that nothing else is wrong with it. */
    const START = '{"agentId":"new","name":"New","entryPoint":null';

    it.each<[string, string | Buffer, number]>([
      ['that breaks off', `${START},`, 400],
      ['with something behind it', `${START}}}`, 400],
      ['that is two', `${START}}${START}}`, 400],
      ['in the notation of JavaScript', "{agentId:'new'}", 400],
      ['with a comment', `${START}/* */}`, 400],
      ['with a comma too many', `${START},}`, 400],
      ['with NaN', `${START},"maxMemoryMb":NaN}`, 400],
      ['with Infinity', `${START},"maxMemoryMb":Infinity}`, 400],
      ['with a number in hexadecimal', `${START},"maxMemoryMb":0x10}`, 400],
      ['with a raw line break in a text', '{"agentId":"new","name":"a\nb","entryPoint":null}', 400],
      ['with a raw NUL', `${START}\0}`, 400],
      ['that is an entity of XML', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 400],
      ['of a byte that is no character', Buffer.from([0x22, 0xff, 0xfe, 0x22]), 400],
      ['of nothing but spaces', ' '.repeat(1000), 400],
      ['a hundred thousand levels deep', '['.repeat(100_000) + ']'.repeat(100_000), 422],
      ['a hundred thousand levels deep, without an end', '{"a":'.repeat(100_000), 400],
      ['of a list of half a million', `[${'1,'.repeat(500_000)}1]`, 422],
      ['that is null', 'null', 422],
      ['that is a text', '"new"', 422],
      ['that is true', 'true', 422],
    ])('%s is refused', async (_what, body, status) => {
      expect((await refused('POST', '/api/agents', body)).slice(0, 2)).toEqual([status, 'invalid-request']);
    });

    it.each([
      ['a member named __proto__', `${START},"__proto__":{"autostart":true}}`],
      ['a variable named __proto__', `${START},"env":{"__proto__":"x"}}`],
      ['a policy named __proto__', `${START},"policy":{"__proto__":{"restart":"never"}}}`],
    ])('with %s is refused, and no prototype is touched', async (_what, body) => {
      expect(await refused('POST', '/api/agents', body)).toEqual(invalid());
      expect(await refused('PATCH', '/api/agents/known', body)).toEqual(invalid());
    });

    it('with other names of every object is refused by their names', async () => {
      const body = JSON.stringify({ ...definition, constructor: { prototype: {} }, toString: 1, hasOwnProperty: 2 });
      expect(await refused('POST', '/api/agents', body)).toEqual(
        invalid('/constructor', '/toString', '/hasOwnProperty'),
      );
    });

    it('with a name twice is judged by the last one, whatever stood there before', async () => {
      const body = '{"agentId":"new","name":"New","entryPoint":"sleeper.sh","entryPoint":"../../etc/passwd"}';
      expect(await refused('POST', '/api/agents', body)).toEqual(invalid('/entryPoint'));
    });

    it('that is empty, where members are needed, is refused with what is missing', async () => {
      for (const body of [undefined, '', '{}']) {
        expect(await refused('POST', '/api/agents', body)).toEqual(invalid('/agentId', '/name', '/entryPoint'));
      }
    });

    it.each(['1e999', '-1e999', '1e308', '-1', '0', '1e-999', '"1"', 'true', '[]', '{}', 'null'])(
      'with %s for seconds is refused',
      async (value) => {
        const body = `${START},"policy":{"killTimeoutSeconds":${value}}}`;
        expect(await refused('POST', '/api/agents', body)).toEqual(invalid('/policy/killTimeoutSeconds'));
      },
    );

    it('of wrong members without number is refused soon, with a hundred faults', async () => {
      const many = (length: number) => Array.from({ length }, (_, index) => index);
      for (const members of [
        { args: many(1_000) },
        { args: many(100_000) },
        { envFrom: many(100_000) },
        { env: Object.fromEntries(many(40_000).map((index) => [`K${index}`, index])) },
        Object.fromEntries(many(40_000).map((index) => [`member${index}`, index])),
        { ['k'.repeat(900_000)]: 1 },
        { name: 'x'.repeat(1_000_000) },
      ]) {
        expect((await register(members)).slice(0, 2)).toEqual(invalid());
      }
    });
  });

  describe('a text', () => {
    const faulty = ['\0', 'a\0b', '\u0007', '\u001b[31m', '\u007f', '\ud800', '\udc00x', 'a\ud83d'];

    it.each(['name', 'entryPoint', 'interpreter', 'cwd', 'healthUrl', 'endpoint', 'agentId', 'apiRole'])(
      'that no database or terminal takes is refused as %s',
      async (member) => {
        for (const value of faulty) expect(await register({ [member]: value })).toEqual(invalid(`/${member}`));
      },
    );

    it('that no database or terminal takes is refused in every list, and in env', async () => {
      for (const value of faulty) {
        for (const member of ['args', 'envFrom', 'tags', 'capabilities']) {
          expect(await register({ [member]: [value] })).toEqual(invalid(`/${member}/0`));
        }
        if (!/[\0\ud800-\udfff]/.test(value)) continue; // a variable may hold a control character
        expect(await register({ env: { VALUE: value } })).toEqual(invalid('/env/VALUE'));
        const patch = JSON.stringify({ env: { OWN: value } });
        expect(await refused('PATCH', '/api/agents/known', patch)).toEqual(invalid('/env/OWN'));
      }
    });

    it('that no database takes is refused in a heartbeat, in a reason and in tags to act on', async () => {
      for (const value of faulty) {
        const beat = JSON.stringify({ message: value, task: value, endpoint: value, healthUrl: value });
        expect(await refused('POST', '/api/agents/known/heartbeat', beat)).toEqual(
          invalid('/message', '/task', '/endpoint', '/healthUrl'),
        );
        const reason = JSON.stringify({ reason: value });
        expect(await refused('POST', '/api/agents/known/restart', reason)).toEqual(invalid('/reason'));
        const tags = JSON.stringify({ tags: [value] });
        expect(await refused('POST', '/api/agents/terminate', tags)).toEqual(invalid('/tags/0'));
      }
    });
  });

  it('text that looks like SQL, markup, a shell or a format is kept and given back letter by letter', async () => {
    const texts = [
      `'; DROP TABLE actp_agent_registry; --`,
      `" OR 1=1`,
      '<script>alert(1)</script>',
      '$(reboot) `id` ; rm -rf "$HOME" & | > /x',
      '%s%n%x {{7*7}} ${7*7} \\u0000 \\',
      '\u202e\u{1f600} \u0301 ﷽ \u00a0\ufeff',
    ];
    const target = 'hostile-texts.json';
    const args = [path.join(service.home.root, target), ...texts];
    const env = { TEXT: texts.join('\n'), EQUALS: '==a=b=', CONTROL: '\u0001\u001b[31m\r\n\t' };
    const healthUrl = `http://127.0.0.1:1/?q=';DROP`;
    for (const name of texts) {
      const given = { agentId: 'texts', name, entryPoint: 'environ.js', args, env, healthUrl, capabilities: ['a.b'] };
      const view = await admin.register(given);
      expect(view).toMatchObject({ name, args, healthUrl });
      expect(await admin.agent('texts')).toMatchObject({ name, args, env: { TEXT: '***', EQUALS: '***' } });
      if (name === texts[0]) {
        const { pid: started } = await admin.spawn('texts');
        const file = path.join(service.home.root, target);
        const said = await until(
          () => JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>,
          `${started ?? 'none'} has written its environment`,
        );
        expect(said).toMatchObject({ ...env, AGENT_NAME: name });
      }
      await admin.expect(204, 'DELETE', '/api/agents/texts');
    }
    before = await settledState(admin);
  });

  it.each([
    '..',
    '%2e%2e',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e%2fknown',
    'known%2f..',
    '%00',
    'known%00',
    '%0d%0aX:%20y',
    'KNOWN',
    'known%20',
    '%20known',
    'kn%EF%BD%8Fwn',
    '%E2%82%AC',
    '__proto__',
    'constructor',
    'toString',
    '*',
    'known;x',
    "known'--",
    'x'.repeat(64),
    'x'.repeat(8_000),
    '-known',
    'known,outside',
  ])('the id %s is that of no agent, on every route', async (id) => {
    const routes = [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/spawn'],
      ['POST', '/restart'],
      ['POST', '/terminate'],
      ['POST', '/circuit-reset'],
      ['POST', '/heartbeat'],
      ['GET', '/restarts'],
    ] as const;
    for (const [method, rest] of routes) {
      const body = method === 'PATCH' ? '{"name":"x"}' : undefined;
      expect(await refused(method, `/api/agents/${id}${rest}`, body)).toEqual([404, 'agent-not-found']);
    }
  });

  it.each(['%ff', '%', '%zz', '%E0%A4%A', '%c0%ae%c0%ae'])('the id %s is no text at all', async (id) => {
    expect(await refused('GET', `/api/agents/${id}`)).toEqual([400, 'invalid-request']);
    expect(await refused('DELETE', `/api/agents/${id}`)).toEqual([400, 'invalid-request']);
  });

  it.each([
    ['/api/events', 'limit=-1', '/limit'],
    ['/api/events', 'limit=0', '/limit'],
    ['/api/events', 'limit=1e9', '/limit'],
    ['/api/events', 'limit=1.5', '/limit'],
    ['/api/events', 'limit=NaN', '/limit'],
    ['/api/events', 'limit=', '/limit'],
    ['/api/events', 'limit=1;DROP', '/limit'],
    ['/api/events', 'limit=1&limit=2', '/limit'],
    ['/api/events', 'limit[]=1', '/limit[]'],
    ['/api/events', 'limit[a]=1', '/limit[a]'],
    ['/api/events', 'after=-1', '/after'],
    ['/api/events', 'after=9e99', '/after'],
    ['/api/events', 'after=Infinity', '/after'],
    ['/api/events', 'after=9007199254740992', '/after'],
    ['/api/events', 'after=1&after=2', '/after'],
    ['/api/events', "type=agent.spawned'%20OR%20'1'='1", '/type'],
    ['/api/events', 'agentId=%00', '/agentId'],
    ['/api/events', 'agentId=../x', '/agentId'],
    ['/api/events', 'agentId=a&agentId=b', '/agentId'],
    ['/api/events', 'constructor=1', '/constructor'],
    ['/api/agents', 'status=halted%00', '/status'],
    ['/api/agents', 'tag=a&tag=b', '/tag'],
    ['/api/agents', `tag=${'x'.repeat(64)}`, '/tag'],
    ['/api/agents', `capability=${'x'.repeat(129)}`, '/capability'],
    ['/api/agents', '%00=1', '/\0'],
    ['/api/agents/known/restarts', 'limit=1001', '/limit'],
  ])('%s?%s is refused', async (route, query, pointer) => {
    expect(await refused('GET', `${route}?${query}`)).toEqual(invalid(pointer));
  });

  it('a parameter named __proto__ is refused', async () => {
    expect(await refused('GET', '/api/events?__proto__=1')).toEqual(invalid());
    expect(await refused('GET', '/api/events?__proto__[limit]=1')).toEqual(invalid('/__proto__[limit]'));
  });
});
